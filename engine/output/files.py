"""Files that are whole or not there: written beside their final name, renamed when complete."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import GenerationFailed, UnwritableOutput

PARTIAL = ".partial"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a name beside *path* to write to; renamed to *path* at the end, removed on any failure.

    The bytes are on the disk before the name is, so that a power cut leaves no empty file under it either.
    Raises :class:`GenerationFailed` for what the file system refuses.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}{PARTIAL}{path.suffix}")
    try:
        yield partial
        with open(partial, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise _explain(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def check_output(out: Path, size: tuple[int, int]) -> None:
    """Make *out*'s folder and see that a picture of *size* (width, height) pixels can be written there.

    Raises :class:`UnwritableOutput`.
    """
    if out.suffix.lower() != ".exr":
        raise UnwritableOutput(f"The output must be an .exr file, not {out.name}.", f"Try {out.with_suffix('.exr')}.")
    if out.is_dir():
        raise UnwritableOutput(f"The output {out} is a folder.", f"Name a file in it, such as {out / 'sky.exr'}.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.stem}.{os.getpid()}{PARTIAL}")
        probe.touch()
        probe.unlink()
        free = shutil.disk_usage(out.parent).free
    except OSError as error:
        raise UnwritableOutput(
            f"The output folder {out.parent} cannot be written to ({error.strerror}).", "Choose another folder."
        ) from error
    needed = size[0] * size[1] * 16  # float EXR, 12 bytes a pixel before compression, and the PNG
    if free < needed:
        raise UnwritableOutput(
            f"The disk of {out.parent} is full: {needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free.",
            "Free some space, or choose another folder.",
        )


def remove_leftovers(finals: Iterable[Path]) -> None:
    """Delete what a killed process left half-written beside *finals*, which nobody may be writing now."""
    wanted = {path.with_suffix("") for path in finals}
    for folder in {path.parent for path in wanted}:
        for file in folder.glob(f".*{PARTIAL}*"):
            stem = file.name[1:].rpartition(PARTIAL)[0].rpartition(".")[0]  # without the process's number
            if folder / stem in wanted:
                file.unlink(missing_ok=True)


def _explain(path: Path, error: OSError) -> GenerationFailed:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return GenerationFailed(
        f"{path} could not be written: {'the disk is full' if full else error.strerror or error}.",
        "Free some space, or choose another folder, and generate again." if full else "Choose another folder.",
    )
