"""A copy of Skyloom with locks of tiny packages, whose installer is run as Blender runs it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from engine.setup.damage import site_packages
from engine.setup.place import EngineFolder
from tests.package_index import PackageIndex
from tests.tiny_packages import BUILD, INDEX_BUILD, PIP_ALONE, make_packages

ROOT = Path(__file__).resolve().parents[1]


class Workshop:
    """A copy of Skyloom, its tiny packages and where its engine goes.

    They come from their folder, or from *index*. uv: what installs them, in place of the pip of the Python that runs
    this. pip: the folder of another pip, which the installer brings.
    """

    def __init__(self, folder: Path, uv: Path | None = None, pip: Path | None = None, index: bool = False) -> None:
        self.copy, self.packages, self.log = folder / "skyloom", folder / "packages", folder / "log.txt"
        shutil.copytree(ROOT / "engine", self.copy / "engine", ignore=shutil.ignore_patterns("__pycache__"))
        self.locks = self.copy / "engine" / "setup" / "locks"
        self.build = INDEX_BUILD if index else BUILD
        make_packages(self.packages, self.locks, Path(sysconfig.get_path("purelib")), self.build, pip)
        self.engine = EngineFolder(folder / "engine")
        self.index = PackageIndex(self.packages) if index else None
        self.path = folder / "path"
        self.path.mkdir()
        if uv:
            (self.path / uv.name).symlink_to(uv)

    def file(self, name: str) -> Path:
        """The file *name* of a package in the engine."""
        return site_packages(self.engine.environment) / name

    def start(self, command: str = "install") -> subprocess.Popen:
        arguments = [command, self.engine.path, "--build", self.build]
        # A PATH of its own: an uv on the machine would be used, which is another test.
        environment = os.environ | {"PYTHONPATH": str(self.copy), "PATH": str(self.path)} | PIP_ALONE
        if self.index:
            environment |= {"PIP_INDEX_URL": self.index.simple, "UV_DEFAULT_INDEX": self.index.simple}
            # pip keeps nothing that came by plain HTTP from a host that it has no reason to trust.
            environment["PIP_TRUSTED_HOST"] = urlsplit(self.index.url).netloc
        else:
            arguments += ["--packages", self.packages]
        call = [sys.executable, "-m", "engine.setup", *map(str, arguments)]
        with open(self.log, "ab") as log:  # a file: a pipe that nobody reads would fill up and stop the process
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
            return subprocess.Popen(call, cwd=self.copy, env=environment, text=True, **pipes)

    def run(self, command: str = "install", until: str = "") -> list[dict]:
        """All events until the end; stdin stays open, as Blender keeps it. until: the task at which it is cancelled."""
        events = []
        with self.start(command) as process:
            for line in process.stdout:
                events.append(json.loads(line))
                if until and events[-1].get("task") == until:
                    process.stdin.write("cancel\n")
                    process.stdin.flush()
                    until = ""
            status = process.wait(60)
        assert (status == 0) == (events[-1]["event"] == "finished"), self.log.read_text()[-3000:]
        return events
