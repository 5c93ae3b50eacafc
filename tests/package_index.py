"""A package index on loopback: serves a folder of wheels as the public one does, and misbehaves as the hub can."""

import hashlib
from pathlib import Path

from tests.hub_server import Hub, HubHandler


class _Handler(HubHandler):
    hub: "PackageIndex"

    def do_GET(self) -> None:
        match self.noted().strip("/").split("/"):
            case ["simple", project]:
                self.send_body(self._page(project.replace("-", "_")), "text/html")
            case ["files", name] if (file := self.hub.wheels / name).is_file():
                tag = f'"{hashlib.sha256(file.read_bytes()).hexdigest()}"'
                kept = {"ETag": tag, "Cache-Control": "max-age=365000000, immutable, public"}
                self.send_file(file, **kept, **{"Accept-Ranges": "bytes"})
            case _:
                self.refuse(404)

    def _page(self, project: str) -> bytes:
        names = [file.name for file in sorted(self.hub.wheels.glob(f"{project}-*"))]
        return "".join(f'<a href="/files/{name}">{name}</a>\n' for name in names).encode()


class PackageIndex(Hub):
    handler = _Handler

    def __init__(self, wheels: Path) -> None:
        self.wheels = wheels
        super().__init__()

    @property
    def simple(self) -> str:
        """What a client is given as the index's address."""
        return f"{self.url}/simple"
