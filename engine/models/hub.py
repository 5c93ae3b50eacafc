"""What a repository of the hub holds, and its bytes, through huggingface_hub's own client.

Not through its ``snapshot_download``: that begins each file anew after an interruption
(github.com/huggingface/huggingface_hub/issues/4196). The client must have been silenced, see :mod:`engine.quiet`.
"""

import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers

from .. import __version__
from ..errors import AccessDenied, DownloadFailed, ModelGone, NoRoom, Offline, SkyloomError
from .catalogue import Mirror

_CHUNK = 1 << 16  # bytes between two writes: what is lost when a line breaks, and how finely progress is told
_SECONDS = 20.0  # for the list of files
_WEIGHTS = re.compile(r"(model|diffusion_pytorch_model)(\.fp16)?(-\d+-of-\d+)?\.safetensors")
_PLAIN = re.compile(r"\w[\w.-]*")  # a name that leads to no other folder, on any system
_SHARDS = re.compile(r"(model|diffusion_pytorch_model)\.safetensors\.index(\.fp16)?\.json")


@dataclass(frozen=True)
class HubFile:
    """A file of a repository. digest: what the hub states, see :class:`engine.models.store.Record`."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True)
class Repository:
    """A mirror at one commit, and all its files by path."""

    name: str
    commit: str
    files: Mapping[str, HubFile]


def look_up(mirror: Mirror) -> Repository:
    """What the hub states about *mirror*. Raises :class:`DownloadFailed`, of the class that fits the cause."""
    try:
        info = HfApi(token=False, library_name="skyloom", library_version=__version__).model_info(
            mirror.repository, revision=mirror.revision, files_metadata=True, timeout=_SECONDS
        )
    except Exception as error:
        raise _explained(error, mirror.repository) from error
    files = {}
    for item in info.siblings or ():
        digest = f"sha256:{item.lfs.sha256}" if item.lfs else f"git:{item.blob_id}"
        if item.size is not None and (item.lfs or item.blob_id):
            files[item.rfilename] = HubFile(item.rfilename, item.size, digest)
    if not info.sha or not files:
        raise DownloadFailed(f"The hub states no checksums for {mirror.repository}.")
    return Repository(mirror.repository, info.sha, files)


def fetch(repository: Repository, file: HubFile, partial: Path, tick: Callable[[int], None]) -> None:
    """Make *partial* hold all of *file*, beginning where an earlier call stopped.

    tick: called with the bytes that are there, now and then. Raises :class:`DownloadFailed`, of the class that fits,
    and :class:`NoRoom`.
    """
    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK
    url = hf_hub_url(repository.name, file.path, revision=repository.commit)
    headers = build_hf_headers(token=False, library_name="skyloom", library_version=__version__)
    try:
        if partial.exists() and partial.stat().st_size > file.size:
            partial.unlink()
        with open(partial, "ab") as handle:
            sink: Any = _Sink(handle, tick)
            tick(resume := handle.tell())
            http_get(url, sink, resume_size=resume, headers=headers, expected_size=file.size)
            handle.flush()
            os.fsync(handle.fileno())
    except Exception as error:
        raise _explained(error, repository.name) from error


def files_of_parts(repository: Repository, parts: Iterable[str]) -> list[HubFile]:
    """The files of a diffusers model's *parts*: settings and safetensors weights, those of 16 bits if there are.

    Raises :class:`DownloadFailed` if a part has no files, or pickles only.
    """
    chosen = []
    for part in sorted(parts):
        inside = {}
        for path, file in repository.files.items():
            folder, _, name = path.rpartition("/")
            if folder == part and _PLAIN.fullmatch(name):
                inside[name] = file
        weights = [match for name in inside if (match := _WEIGHTS.fullmatch(name))]
        half = any(match[2] for match in weights)
        taken = [file for name, file in inside.items() if _belongs(name, half)]
        if not taken or not _PLAIN.fullmatch(part) or ("config.json" in inside and not weights):
            raise DownloadFailed(f"{repository.name} has no safetensors weights for its part '{part}'")
        chosen += taken
    return chosen


def _belongs(name: str, half: bool) -> bool:
    for pattern in (_WEIGHTS, _SHARDS):
        if match := pattern.fullmatch(name):
            return bool(match[2]) == half
    return name.endswith((".json", ".txt")) and ".index." not in name


class _Sink:
    """A file that tells how much of it there is."""

    def __init__(self, handle: Any, tick: Callable[[int], None]) -> None:
        self._handle, self._tick = handle, tick
        self.seek, self.tell, self.truncate = handle.seek, handle.tell, handle.truncate

    def write(self, data: bytes) -> int:
        written = self._handle.write(data)
        self._tick(self._handle.tell())
        return written


def _explained(error: Exception, repository: str) -> SkyloomError:
    """*error*, whatever the client raises, as one of ours; its message is one of a list of mirrors."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    match error:
        case DownloadFailed():
            return error
        case OfflineModeIsEnabled():
            return Offline("The network is switched off for the engine ($HF_HUB_OFFLINE).", "Unset it to download.")
        case GatedRepoError() | DisabledRepoError():
            return AccessDenied(f"{repository} is given to some people only")
        case RepositoryNotFoundError() | RevisionNotFoundError() | RemoteEntryNotFoundError():
            return ModelGone(f"{repository} does not exist any more, or not with these files")
        case HfHubHTTPError() if status in (401, 404):  # 401 is the hub's answer for what is not there, or not public
            return ModelGone(f"{repository} does not exist any more, or not with these files")
        case HfHubHTTPError() if status == 403:
            return AccessDenied(f"{repository} refuses access")
        case HfHubHTTPError():
            return DownloadFailed(f"{repository} answered with the error {status}")
        case httpx2.TransportError():
            return DownloadFailed(f"{repository} cannot be reached, or the line broke ({type(error).__name__})")
        case OSError(errno=errno.ENOSPC):
            return NoRoom("The disk became full during the download.")
    return DownloadFailed(f"{repository} could not be read ({type(error).__name__}: {error})".splitlines()[0])
