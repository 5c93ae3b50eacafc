"""What engine tests share: the tiny model, the bundled model, and a way to run the command line as a user does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ring_bench import Bench

from engine.job import Job
from engine.models.loading import WarmModel, load_model
from engine.models.model import Model
from engine.perceptual.lpips_distance import PerceptualDistance
from engine.pipeline import generate
from engine.protocol import Notice
from engine.quiet import silence_libraries
from engine.sampling.windows import Windows

ROOT = Path(__file__).resolve().parents[2]
silence_libraries()
# A shell that starts the tests in the background has them ignore Ctrl+C, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a text file and return its path."""

    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def shot_list(tmp_path: Path, nano_path: Path) -> Callable[..., Path]:
    """Write a shot list of quick jobs on the tiny model, a table a row, and return its path."""

    def write(*rows: str) -> Path:
        path = tmp_path / "shots.toml"
        quick = 'width = 128\nsteps = 2\nsampler = "multidiffusion"\npoles = false\n'
        defaults = f'[defaults]\nmodel = "{nano_path}"\n{quick}'
        path.write_text(defaults + "".join(f"[[shot]]\n{row}\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def make(nano_path, warm, tmp_path):
    """Generate a job on the tiny model, quickly, and return the result and the notices' codes."""

    def run(name: str, **values):
        quick = {"prompt": "a storm", "model": str(nano_path), "seed": 3, "steps": 4, "sampler": "multidiffusion"}
        if "mask" not in values:
            quick["width"] = 128
        *events, result = generate(Job.from_dict(quick | values), tmp_path / f"{name}.exr", warm)
        return result, [event.code for event in events if isinstance(event, Notice)]

    return run


@pytest.fixture
def panorama(make) -> str:
    """A sky over the sea with its sun in the west of south, to begin from or to edit."""
    return make("begin", layout={"azimuth": 200, "elevation": 12, "ground": "sea"}, strength=0)[0].exr
