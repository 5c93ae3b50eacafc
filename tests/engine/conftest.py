"""What engine tests share: the tiny model, the bundled model, and a way to run the command line as a user does."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.models.loading import Model, WarmModel
from engine.quiet import silence_libraries

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
