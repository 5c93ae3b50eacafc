"""The job in an EXR's header. Standard library only: Blender's side reads it too, and has no OpenEXR."""

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import BadRequest

JOB_ATTRIBUTE = "skyloom.job"
REQUEST_ATTRIBUTE = "skyloom.request"
_MAGIC = b"\x76\x2f\x31\x01"
_WINDOW = struct.Struct("<4i")  # left, top, right and bottom, the last two inside
_LONGEST = 1 << 22  # bytes of one attribute; what is longer is no header


def read_job(path: Path) -> dict[str, Any]:
    """The job that made the EXR at *path*. Raises :class:`BadRequest` if there is none."""
    return read_attribute(path, JOB_ATTRIBUTE)


def read_request(path: Path) -> dict[str, Any]:
    """The job as it was asked for, before defaults were filled in. Raises :class:`BadRequest` if there is none."""
    return read_attribute(path, REQUEST_ATTRIBUTE)


def read_attribute(path: Path, name: str) -> Any:
    """The JSON in the text attribute *name* of the EXR at *path*. Raises :class:`BadRequest` if there is none."""
    parsed = _read(path, name, json.loads)
    if parsed is None:
        raise BadRequest(f"{path} has no Skyloom job in its header.", "Was it saved again by another program?")
    return parsed


def read_size(path: Path) -> tuple[int, int] | None:
    """Width and height of the EXR at *path* in pixels; None if it is none."""
    try:
        window = _read(path, "dataWindow", _WINDOW.unpack)
    except BadRequest:
        return None
    return window and (window[2] - window[0] + 1, window[3] - window[1] + 1)


def _read(path: Path, name: str, parse: Callable[[bytes], Any]) -> Any:
    """What *parse* makes of the attribute *name*; None if the EXR has no such. Raises :class:`BadRequest`."""
    hint = "Name an EXR that Skyloom wrote."
    try:
        with open(path.expanduser(), "rb") as file:  # as jobs name the sky that they begin with
            value = next((value for key, value in _attributes(file) if key == name), None)
            return None if value is None else parse(value)
    except FileNotFoundError:
        raise BadRequest(f"The file {path} does not exist.", hint) from None
    except (OSError, ValueError, struct.error) as error:
        raise BadRequest(f"{path} cannot be read as an EXR ({error}).", hint) from error


def _attributes(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Name and value of each header attribute ("OpenEXR File Layout", Academy Software Foundation)."""
    if file.read(4) != _MAGIC:
        raise ValueError("it does not begin like one")
    file.read(4)  # version and flags
    while name := _text(file):
        _text(file)  # the type
        (size,) = struct.unpack("<i", file.read(4))
        if not 0 <= size <= _LONGEST:
            raise ValueError(f"its attribute {name} is damaged")
        yield name, file.read(size)


def _text(file: IO[bytes]) -> str:
    """A null-terminated text of at most 255 bytes."""
    text = bytearray()
    while (letter := file.read(1)) not in (b"\0", b"") and len(text) < 256:
        text += letter
    return text.decode("utf-8")
