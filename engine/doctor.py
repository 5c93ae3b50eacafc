"""Looks over an engine from its Python to a picture, and says of each thing whether it is well and what to do.

Standard library only at import, so that it also speaks where everything else is missing.
"""

import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .environment import cache_root
from .errors import SkyloomError
from .protocol import Finding, Verdict
from .setup.builds import builds_here, suggested_build
from .setup.lock import Pin, pins

REPAIR = "Click Repair in the add-on's preferences, or install the engine anew."
COMFORTABLE_MEMORY = 4e9  # bytes free, for the bundled model at its own size
COMFORTABLE_DISK = 1e9


def examine() -> Iterator[Finding]:
    """All that can be told about the engine that runs this; where the libraries are broken, no more than that."""
    for look in (_python, _folders, _packages, _libraries, _device, _memory, _weights, _picture):
        broken = False
        for finding in _careful(look):
            broken = broken or finding.verdict == "wrong"
            yield finding
        if broken and look in (_packages, _libraries):
            break


def line_of(finding: Finding) -> str:
    """*finding* as a line for a person."""
    return f"{finding.verdict:6}{finding.message} {finding.hint}".rstrip()


def _careful(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What *look* finds; an error is a finding too."""
    try:
        yield from look()
    except SkyloomError as error:
        yield _wrong(error.message, error.hint or REPAIR)
    except Exception as error:  # a broken library may raise anything, and to tell so is what a doctor is for
        yield _wrong(f"{type(error).__name__}: {error}", REPAIR)


def _ok(message: str) -> Finding:
    return Finding(verdict="ok", message=message)


def _note(message: str, hint: str) -> Finding:
    return Finding(verdict="note", message=message, hint=hint)


def _wrong(message: str, hint: str) -> Finding:
    return Finding(verdict="wrong", message=message, hint=hint)


def _python() -> Iterator[Finding]:
    yield _ok(f"Python {sys.version.split()[0]} ({sys.executable}).")  # an older one cannot read this


def _folders() -> Iterator[Finding]:
    for folder in (cache_root(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
            free = shutil.disk_usage(folder).free
        except OSError as error:
            message = f"The folder {folder} cannot be written to ({error.strerror or error})."
            yield _note(message, "Logs and downloads need it.")
            continue
        verdict: Verdict = "ok" if free > COMFORTABLE_DISK else "note"
        yield Finding(verdict=verdict, message=f"{folder} can be written to, with {free / 1e9:.1f} GB free.")


def _packages() -> Iterator[Finding]:
    tested = {pin.name: {pin.version} for pin in (*pins("packages"), *pins("perceptual")) if _belongs_here(pin)}
    # What comes with one build of PyTorch beside PyTorch itself is that build's own affair.
    of_torch = (pin for build in builds_here().values() for pin in pins(build.lock) if pin.name == "torch")
    tested["torch"] = {pin.version.partition("+")[0] for pin in of_torch}
    absent, other = [], []
    for name, versions in tested.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        if version.partition("+")[0] not in versions:
            other.append(f"{name} {version} (tested: {' and '.join(sorted(versions))})")
    if absent:
        yield _wrong(f"These packages are missing: {', '.join(absent)}.", REPAIR)
    if other:
        yield _note(f"These packages have another version: {', '.join(other)}.", "They may work or not.")
    if not absent and not other:
        yield _ok(f"All {len(tested)} packages are there, in the versions that were tested.")


def _belongs_here(pin: Pin) -> bool:
    if not pin.marker:
        return True
    from packaging.markers import Marker

    return Marker(pin.marker).evaluate()


def _libraries() -> Iterator[Finding]:
    from .quiet import silence_libraries

    silence_libraries()
    import torch

    yield _ok(f"PyTorch {torch.__version__} and the model libraries can be loaded.")


def _device() -> Iterator[Finding]:
    import torch

    from .devices import choose_device

    device = choose_device("auto")
    ones = torch.ones(8, 8, device=device)
    if float((ones @ ones).sum()) != 512:
        yield _wrong(f"The device {device} computes wrong results.", "Update its driver, or use the cpu.")
        return
    name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    build, why = suggested_build()
    if device.type == "cpu" and build.name != "cpu":
        hint = f"Choose '{build.label}' in the add-on's preferences and install the engine anew."
        yield _note(f"The processor is used. {why}, which this PyTorch cannot use.", hint)
    else:
        yield _ok(f"Computing works on the device {name}. {why}.")


def _memory() -> Iterator[Finding]:
    from .devices import choose_device
    from .memory import available_bytes

    free = available_bytes(choose_device("auto"))
    if free < COMFORTABLE_MEMORY:
        yield _note(f"Only {free / 1e9:.1f} GB of memory are free.", "Close other programs for large skies.")
    else:
        yield _ok(f"{free / 1e9:.1f} GB of memory are free.")


def _weights() -> Iterator[Finding]:
    from .perceptual.weights import NETWORKS, load_weights

    for network in NETWORKS:
        load_weights(network)
    yield _ok("The perceptual networks' weights are there.")


def _picture() -> Iterator[Finding]:
    """The proof of it all: the bundled model makes a sky, in a few steps."""
    from .job import BUNDLED_MODEL, Job
    from .pipeline import generate
    from .protocol import Result

    job = Job(prompt="clear sky over a calm sea", seed=1, steps=2, sync_steps=1)
    with tempfile.TemporaryDirectory() as folder:
        *_, result = generate(job, Path(folder) / "sky.exr")
    assert isinstance(result, Result)
    yield _ok(f"The model {BUNDLED_MODEL} makes a sky, {result.width} x {result.height} in two steps.")
