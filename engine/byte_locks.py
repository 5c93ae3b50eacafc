"""Bytes of a file that one process holds: gone when it is, and on network drives as well. Standard library only."""

import os
import sys


def lock_bytes(descriptor: int, bytes_: range) -> None:
    """Hold *bytes_* of an open file for this process until it is closed. Raises OSError if another process does."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, bytes_.start, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, len(bytes_))
    else:
        import fcntl

        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, len(bytes_), bytes_.start)
