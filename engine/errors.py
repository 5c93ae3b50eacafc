"""One class per cause. Every error says what happened, to what, and what to do; none reaches a user as a traceback.

Standard library only: Blender's side shows these as well.
"""

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """How ``python -m engine`` ends."""

    DONE = 0
    BAD_REQUEST = 2
    BAD_MODEL = 3
    FAILED = 4
    CANCELLED = 130


@dataclass(eq=False)  # compared and hashed by identity, as exceptions are
class SkyloomError(Exception):
    """Base of all expected failures. *message*: what happened to what. *hint*: what to do about it."""

    message: str
    hint: str = ""

    code = "error"
    exit_code = ExitCode.FAILED

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadRequest(SkyloomError):
    """The job asks for something that cannot be: wrong type, out of range, contradictory."""

    code = "bad_request"
    exit_code = ExitCode.BAD_REQUEST


class TooLarge(BadRequest):
    """The job needs more memory than there is."""

    code = "too_large"


class UnwritableOutput(BadRequest):
    """The output folder is missing, read-only or full."""

    code = "unwritable_output"


class BadModel(SkyloomError):
    """The model folder cannot be used: missing, empty, truncated, a pickle, or of an unknown family."""

    code = "bad_model"
    exit_code = ExitCode.BAD_MODEL


class EngineIncomplete(SkyloomError):
    """The engine's environment lacks something that it needs: Python, torch, LPIPS weights."""

    code = "engine_incomplete"


class SetupFailed(SkyloomError):
    """The engine's environment could not be made."""

    code = "setup_failed"


class NoRoom(SkyloomError):
    """The disk has too little room for what is to be installed or downloaded."""

    code = "no_room"


class Unreachable(SkyloomError):
    """The place to download from does not answer, or the line broke."""

    code = "unreachable"


class DamagedDownload(SkyloomError):
    """What was downloaded is not what it should be: its checksum is another."""

    code = "damaged_download"


class EngineLost(SkyloomError):
    """The engine process ended without an answer."""

    code = "engine_lost"


class ClusterLost(SkyloomError):
    """The Ray cluster cannot be reached, or none of its machines can work."""

    code = "cluster_lost"


class GenerationFailed(SkyloomError):
    """Something broke while sampling or writing: no memory left, NaN, a full disk, or a bug (the log has it)."""

    code = "generation_failed"


class Cancelled(SkyloomError):
    """The user asked to stop."""

    code = "cancelled"
    exit_code = ExitCode.CANCELLED
