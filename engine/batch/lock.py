"""Who may write what in an output folder: one lock per file that a batch makes, gone when its process is."""

import errno
import hashlib
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..byte_locks import lock_bytes
from ..errors import BadRequest, UnwritableOutput

LOCK_FILE = ".skyloom-batch.lock"
_LAST_BYTE = 2**62
_MANY = 10_000  # names; Linux takes seconds for so many locks, and minutes for ten times as many


@contextmanager
def locked(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Hold *names* in *folder* for this process alone, however it ends and on network drives as well.

    A name is one byte of the lock file, far behind its end: the operating system locks bytes by their number. Very many
    names are all bytes.
    Raises :class:`BadRequest` if another process holds one of them, :class:`UnwritableOutput` if nothing can be held.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / LOCK_FILE, "ab") as handle:  # never deleted: another batch may just be opening it
            if not handle.tell():
                handle.write(secrets.token_hex(16).encode())
                handle.flush()
            names = list(names)
            if len(names) > _MANY and sys.platform != "win32":
                _hold(handle.fileno(), "something", folder, range(_LAST_BYTE))
            else:
                for name in names:
                    _hold(handle.fileno(), name, folder, range(byte := _byte_of(name), byte + 1))
            yield
    except OSError as error:
        raise UnwritableOutput(
            f"The output folder {folder} cannot be used ({error.strerror or error}).", "Choose another folder."
        ) from error


def folder_mark(folder: Path) -> str:
    """What tells *folder* from all others, once it was locked; empty if it is not there, or not to be written to.

    Two machines that read the same mark at the same path see one shared folder.
    """
    file = folder / LOCK_FILE
    try:
        return file.read_text(encoding="ascii", errors="replace") if os.access(folder, os.W_OK) else ""
    except OSError:
        return ""


def _hold(descriptor: int, name: str, folder: Path, bytes_: range) -> None:
    try:
        lock_bytes(descriptor, bytes_)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        raise BadRequest(
            f"Another batch is working on {name} in {folder}.", "Wait for it, or choose another folder."
        ) from error


def _byte_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.casefold().encode()).digest()[:8]) % _LAST_BYTE
