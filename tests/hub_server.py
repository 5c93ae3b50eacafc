"""A hub on loopback: serves folders as repositories, by the paths and headers of the real one, and can misbehave."""

import hashlib
import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = (".safetensors", ".bin")  # what the hub keeps in LFS, and serves from elsewhere


@dataclass
class Faults:
    """How the hub misbehaves. status: of a repository. The others are by file name.

    cut: answers end after so many bytes, the first time or always, and then after none. stall: no more bytes come until
    ``go_on`` is set. damaged: the bytes are others than stated.
    """

    status: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    cut_once: bool = True
    stall: dict[str, int] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)  # the repository in which it is


class HubHandler(BaseHTTPRequestHandler):
    hub: "Hub"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.noted()
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/[^/]+", path):
            self._answer(match[1], self._info)
        elif match := re.fullmatch(rf"/([^/]+/[^/]+)/resolve/{COMMIT}/(.+)", path):
            self._answer(match[1], lambda folder: self._file(folder, match[1], match[2]))
        elif match := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._answer(match[1], lambda folder: self.send_file(folder / match[2], match[1]))
        else:
            self.refuse(404, "RepoNotFound")

    def noted(self) -> str:
        """The path of the request, which the hub remembers."""
        path = urlsplit(self.path).path
        self.hub.requests.append((path, {key.lower(): value for key, value in self.headers.items()}))
        return path

    def _answer(self, repository: str, answer) -> None:
        status = self.hub.faults.status.get(repository)
        if status or repository not in self.hub.repositories:
            self.refuse(status or 404, "RepoNotFound" if (status or 404) == 404 else "")
        else:
            answer(self.hub.repositories[repository])

    def refuse(self, status: int, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _info(self, folder: Path) -> None:
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        siblings = [_stated(file, file.relative_to(folder).as_posix()) for file in files]
        body = json.dumps({"id": "a/b", "sha": COMMIT, "siblings": siblings}).encode()
        self.send_body(body, "application/json")

    def send_body(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, folder: Path, repository: str, path: str) -> None:
        if not (folder / path).is_file():
            self.refuse(404, "EntryNotFound")
        elif path.endswith(LARGE):
            self.send_response(302)
            self.send_header("Location", f"{self.hub.url}/cdn/{repository}/{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_file(folder / path, repository)

    def send_file(self, file: Path, repository: str = "", **headers: str) -> None:
        """*file*, or what of it the faults leave."""
        data, faults = file.read_bytes(), self.hub.faults
        if faults.damaged.get(file.name) == repository:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = int(match[1]) if (match := re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        for name, value in (headers | {"Content-Length": str(len(data) - start)}).items():
            self.send_header(name, value)
        self.end_headers()
        if file.name in faults.cut:
            self.wfile.write(data[start : start + faults.cut[file.name]])
            faults.cut[file.name] = 0
            if faults.cut_once:
                del faults.cut[file.name]
            self.close_connection = True
        elif file.name in faults.stall:
            come = start + faults.stall[file.name]
            faults.stall[file.name] = 0  # the client asks again when nothing comes
            self.wfile.write(data[start:come])
            self.wfile.flush()
            self.hub.stalled.set()
            self.hub.go_on.wait(60)
            self.wfile.write(data[come:])
        else:
            self.wfile.write(data[start:])

    def handle(self) -> None:
        """Until the line is closed, by whichever end."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test's output is its own."""


class Hub:
    """repositories: by name, the folder that each holds. requests: what was asked for, with its headers."""

    handler: type[HubHandler] = HubHandler

    def __init__(self) -> None:
        self.repositories: dict[str, Path] = {}
        self.faults = Faults()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.stalled = threading.Event()
        self.go_on = threading.Event()
        handler = type("Handler", (self.handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, ending: str) -> list[dict[str, str]]:
        """The headers of the requests for files whose path has this *ending*."""
        return [headers for path, headers in self.requests if path.endswith(ending)]

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


def _stated(file: Path, path: str) -> dict:
    data = file.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    stated = {"rfilename": path, "size": len(data), "blobId": git}
    if path.endswith(LARGE):
        stated["lfs"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 134}
    return stated
