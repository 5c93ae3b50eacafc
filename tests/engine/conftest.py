"""What engine tests share: the tiny model, the bundled model, and a way to run the command line as a user does."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ring_bench import Bench

from engine.models.loading import WarmModel, load_model
from engine.models.model import Model
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.quiet import silence_libraries
from engine.sampling.windows import Windows

ROOT = Path(__file__).resolve().parents[2]
silence_libraries()


@pytest.fixture(scope="session")
def nano_path() -> Path:
    """A Stable Diffusion 1 folder with random weights, 0.5 MB."""
    return ROOT / "tests" / "models" / "nano-sd1"


@pytest.fixture(scope="session")
def warm() -> WarmModel:
    return WarmModel()


@pytest.fixture
def nano(warm: WarmModel, nano_path: Path) -> Model:
    return warm.get(str(nano_path), torch.device("cpu"))


@pytest.fixture(scope="session")
def exact(nano_path: Path) -> Model:
    """The tiny model in float64: what is equal in theory is then equal in figures."""
    model = load_model(str(nano_path), torch.device("cpu"))
    for part in (model._network, model._vae, model._pipeline.text_encoder):
        part.double()
    return model


@pytest.fixture(scope="session")
def distance() -> PerceptualDistance:
    return PerceptualDistance()


@pytest.fixture
def bench(nano: Model, distance: PerceptualDistance) -> Bench:
    noise = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(5))
    return Bench(nano, distance, Windows.layout("ring", 32, 16, 8), noise)


@pytest.fixture
def exact_bench(bench: Bench, exact: Model) -> Bench:
    return Bench(exact, PerceptualDistance().double(), bench.windows, bench.noise.double())


Run = Callable[..., subprocess.CompletedProcess]


def engine_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def engine(tmp_path: Path) -> Run:
    """Run ``python -m engine ARGUMENTS`` in an empty folder."""

    def run(*arguments: object, timeout: float = 300) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "engine", *map(str, arguments)],
            cwd=tmp_path,
            env=engine_environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
