"""The authors' SyncDiffusion sampler, reproduced latent by latent on a tiny random model (see tests/golden)."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from engine.job import Job
from engine.pipeline import generate

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LAYOUTS = {("full", "True"): "ring", ("shipped", "True"): "reference", ("shipped", "False"): "strip"}


@pytest.mark.parametrize("name", ["no_sync", "full_ring", "reference_ring", "strip"])
def test_golden_run_is_reproduced(name, warm, nano_path, tmp_path):
    file = GOLDEN / f"{name}.safetensors"
    with safe_open(file, "pt") as golden:
        settings = golden.metadata()
        expected = {key: golden.get_tensor(key) for key in golden.keys()}  # noqa: SIM118  not a dictionary
    job = Job(
        prompt=settings["prompt"],
        negative=settings["negative"],
        model=str(nano_path),
        width=int(settings["width"]),
        steps=int(settings["steps"]),
        guidance=float(settings["guidance"]),
        sync_steps=int(settings["sync_steps"]),
        sync_weight=float(settings["weight"]),
        sync_decay=float(settings["decay"]),
        windows=LAYOUTS[settings["ring"], settings["loop_closure"]],
        window=int(settings["window"]),
        stride=int(settings["stride"]),
        noise=str(file),
    )
    trace = tmp_path / "trace.safetensors"
    list(generate(job, tmp_path / "sky.exr", warm, trace))
    with safe_open(trace, "pt") as ours:
        assert set(ours.keys()) == set(expected) | {"image"}
        for key, tensor in expected.items():
            torch.testing.assert_close(
                ours.get_tensor(key), tensor, atol=1e-3, rtol=0, msg=lambda m, key=key: f"{key}: {m}"
            )
