"""Upscalers on the sphere: seams, poles, tiles, and files that are none."""

import json
import math
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skies import pixels
from stepping import everything

from engine.errors import BadModel, BadRequest
from engine.job import Job
from engine.pipeline import generate
from engine.plan import plan
from engine.protocol import Progress
from engine.sphere.enlarging import at_width, written
from engine.sphere.gnomonic import View, render
from engine.sphere.resampling import reader
from engine.upscaling import Upscaler, spandrel_package

CPU = torch.device("cpu")


def network(channels: int = 6, convolutions: int = 2, scale: int = 2) -> torch.nn.Module:
    """An untrained upscaler of the architecture of Real-ESRGAN's small ones."""
    torch.manual_seed(3)
    compact = import_module(f"{spandrel_package().__name__}.architectures.Compact").Compact
    return compact(num_feat=channels, num_conv=convolutions, upscale=scale).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upscaler") / "upscaler.safetensors"
    save_file(network().state_dict(), path)
    return path


def panorama(height: int) -> torch.Tensor:
    return torch.rand(3, height, 2 * height, generator=torch.Generator().manual_seed(1)) * 1.6 - 0.8


def enlarged(upscaler: Upscaler, picture: torch.Tensor, poles: bool = False) -> torch.Tensor:
    *work, large = everything(upscaler.panorama(picture, poles))
    assert sum(work) == upscaler.work(picture.shape[2], poles)
    return large


def seen(picture: torch.Tensor, margin: int) -> torch.Tensor:
    """*picture* with more on every side: around the ring, and the other side of the sphere beyond a pole."""
    other = picture.roll(picture.shape[1], -1).flip(1)
    tall = torch.cat([other[:, -margin:], picture, other[:, :margin]], 1)
    return torch.cat([tall[..., -margin:], tall, tall[..., :margin]], 2)


def test_the_network_is_applied_as_it_is(file: Path) -> None:
    upscaler, picture = Upscaler(file, CPU), panorama(32)
    with torch.no_grad():
        expected = network()((seen(picture, 8)[None] + 1) / 2)[0, :, 16:-16, 16:-16] * 2 - 1
    assert upscaler.scale == 2
    assert torch.allclose(enlarged(upscaler, picture), expected.clamp(-1, 1), atol=1e-5)


def test_a_turned_sky_is_upscaled_to_the_same_sky_turned(file: Path) -> None:
    upscaler, picture = Upscaler(file, CPU), panorama(24)
    turned = enlarged(upscaler, picture).roll(14, -1)
    assert torch.allclose(enlarged(upscaler, picture.roll(7, -1)), turned, atol=1e-5)


def test_tiles_leave_no_trace(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upscaler, picture = Upscaler(file, CPU), panorama(48)
    whole = enlarged(upscaler, picture, poles=True)
    monkeypatch.setattr("engine.upscaling._TILE", 20)
    assert torch.allclose(enlarged(upscaler, picture, poles=True), whole, atol=1e-5)


def test_around_a_pole_flat_views_are_enlarged(file: Path) -> None:
    """What the network adds there is as large as elsewhere, where in the panorama it would be drawn out: the network
    differs from interpolation by its own detail, and at the pole that is no longer the same along a row."""
    upscaler, picture = Upscaler(file, CPU), panorama(64)
    stretched, whole = enlarged(upscaler, picture), enlarged(upscaler, picture, poles=True)
    view = View(0.0, 90.0, 80.0, round(2 * math.tan(math.radians(40)) * 64 / math.pi))
    with torch.no_grad():
        flat = network()((render(reader(picture), 64, view, "bicubic")[None] + 1) / 2)[0] * 2 - 1
    flat = flat.clamp(-1, 1)
    large = View(0.0, 90.0, 80.0, flat.shape[2])
    middle = slice(flat.shape[2] // 2 - 8, flat.shape[2] // 2 + 8)
    errors = [(render(reader(sky), 128, large, "bicubic") - flat)[:, middle, middle] for sky in (stretched, whole)]
    assert errors[1].abs().mean() < 0.5 * errors[0].abs().mean()
    assert torch.equal(stretched[:, 40:88], whole[:, 40:88])


@pytest.mark.parametrize("case", ["missing", "pickle", "broken", "other", "denoiser"])
def test_what_is_no_upscaler_is_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / ("upscaler.pth" if case == "pickle" else "upscaler.safetensors")
    expected = {
        "missing": "does not exist",
        "pickle": "is a pickle",
        "broken": "damaged",
        "other": "no upscaler of a known architecture",
        "denoiser": "does not enlarge",
    }
    if case == "pickle":
        path.write_bytes(b"\x80\x04")
    if case == "broken":
        path.write_bytes(b"not a file of tensors")
    if case == "other":
        save_file({"some.weight": torch.zeros(3)}, path)
    if case == "denoiser":
        save_file(network(scale=1).state_dict(), path)
    with pytest.raises(BadModel, match=expected[case]):
        Upscaler(path, CPU)


def test_a_job_enlarges_with_its_upscaler(make, file: Path) -> None:
    plain, _ = make("plain", base_width=64, detail=0)
    upscaled, _ = make("upscaled", base_width=64, upscaler=str(file))
    assert upscaled.job["detail"] == 0
    first, second = pixels(plain.exr), pixels(upscaled.exr)
    assert first.shape == second.shape
    assert abs(first - second).max() > 0.01


def test_an_upscaler_without_work_is_refused(make, file: Path) -> None:
    with pytest.raises(BadRequest, match="nothing for the upscaler"):
        make("idle", base_width=128, upscaler=str(file))


@pytest.fixture(scope="module")
def own(nano_path: Path, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with an upscaler of its own."""
    folder = shutil.copytree(nano_path, tmp_path_factory.mktemp("own") / "model")
    shutil.copy(file, folder / "upscaler.safetensors")
    (folder / "skyloom.json").write_text(json.dumps({"upscaler": "upscaler.safetensors"}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("asked", "learned", "denoised"),
    [
        ({"base_width": 64}, [False, True], [True, False]),
        ({"base_width": 128}, [False], [True]),
        ({"base_width": 64, "detail": 0.0}, [True, True], [False, False]),
        ({"base_width": 64, "upscaler": "file"}, [True, True], [False, False]),
        ({"base_width": 64, "upscaler": "file", "detail": 0.5}, [True, True], [True, True]),
    ],
)
def test_a_models_own_upscaler_makes_the_last_of_several_stages(
    own: Path, file: Path, warm, asked: dict, learned: list[bool], denoised: list[bool]
) -> None:
    asked = asked | ({"upscaler": str(file)} if "upscaler" in asked else {})
    todo = plan(Job(prompt="a storm", model=str(own), width=256, seed=1, **asked), warm.get(str(own), CPU))
    assert [stage.learned for stage in todo.stages] == learned
    assert [stage.detail > 0 for stage in todo.stages] == denoised
    assert [stage.steps > 0 for stage in todo.stages] == denoised


def test_a_model_enlarges_with_its_own_upscaler(own: Path, file: Path, warm, tmp_path: Path) -> None:
    """From the same sky of half the size, and told all along."""
    job = Job(prompt="a storm", model=str(own), seed=3, steps=4, sampler="multidiffusion", base_width=64, sun="off")
    *_, half = generate(replace(job, width=128), tmp_path / "half.exr", warm)
    *events, whole = generate(replace(job, width=256), tmp_path / "whole.exr", warm)
    assert whole.job["upscaler"] is None
    transfer = warm.get(str(own), CPU).transfer
    small = transfer.from_radiance(torch.from_numpy(pixels(half.exr)).permute(2, 0, 1))
    ways = enlarged(Upscaler(file, CPU), small, poles=True), written(at_width(small, 256), 128)
    apart = [np.abs(pixels(whole.exr) - transfer.to_radiance(way).permute(1, 2, 0).numpy()).mean() for way in ways]
    assert apart[0] < 0.1 * apart[1]  # the smaller file ends at white, which what is enlarged does not
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    told = [event for event in events if isinstance(event, Progress) and (event.stage, event.step) == ("refine", 2)]
    assert len(told) == 3  # a panorama and two poles, of one tile each
