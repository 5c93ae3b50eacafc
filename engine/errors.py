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


class BadCatalogue(SkyloomError):
    """The catalogue of models that comes with Skyloom is damaged."""

    code = "bad_catalogue"


class DownloadFailed(SkyloomError):
    """A model could not be downloaded: a broken line, a server's fault, files that are not what they should be."""

    code = "download_failed"


class ModelGone(DownloadFailed):
    """No mirror has the model any more."""

    code = "model_gone"


class AccessDenied(DownloadFailed):
    """The hub does not give the model to everybody."""

    code = "access_denied"


class Offline(DownloadFailed):
    """The network may not be used."""

    code = "offline"


class EngineIncomplete(SkyloomError):
    """The engine's environment lacks something that it needs: Python, torch, LPIPS weights."""

    code = "engine_incomplete"


class SetupFailed(SkyloomError):
    """The engine's environment could not be made."""

    code = "setup_failed"


class NoRoom(SkyloomError):
    """The disk has too little room for the engine or a model."""

    code = "no_room"


class Unreachable(SkyloomError):
    """The place that the engine's packages come from does not answer, or the line broke."""

    code = "unreachable"


class DamagedDownload(SkyloomError):
    """A package of the engine is not what it should be: its checksum is another."""

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
