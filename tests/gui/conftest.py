"""Plays the stories once, in a real Blender window, and hands what was seen to the tests."""

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import packages
import pytest
from publishing import publish_older

from tools import package, repository, window_chroot
from tools.debian import Unavailable

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "gui"
MODEL = ROOT / "tests" / "models" / "nano-sd1"
STORIES = (
    "installing",
    "first_start",
    "story",
    "keeping",
    "choosing",
    "directing",
    "several",
    "updating",
    "closing",
    "crash",
)
SECONDS = 1200


@dataclass(frozen=True)
class Window:
    """What the stories left behind in OUT. left_out: those that could not be played, and why."""

    left_out: dict[str, str]

    def saw(self, story: str, step: str) -> dict:
        """What *step* of *story* saw; fails with the step's own problem if it had one."""
        if reason := self.left_out.get(story):
            pytest.skip(reason)
        file = OUT / f"{story}.json"
        records = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        record = next((record for record in records if record["step"] == step), None)
        if record is None:
            pytest.fail(f"Blender did not get to {step}; {story}.log ends with:\n{tail(OUT / f'{story}.log')}")
        if record["problem"]:
            pytest.fail(f"{record['problem']}\nSee {OUT}/{story}-{step}-problem.png")
        return record["saw"] | {"ticks": record["ticks"]}

    def after(self, story: str) -> dict:
        """What was left when the Blender of *story* had ended."""
        return json.loads((OUT / f"{story}.after.json").read_text(encoding="utf-8"))

    def shadows(self) -> dict[str, dict]:
        """What EEVEE shows under each sky; fails if it did not get there."""
        file = OUT / "eevee.json"
        if not file.exists():
            pytest.fail(f"EEVEE did not get there; eevee.log ends with:\n{tail(OUT / 'eevee.log')}")
        return json.loads(file.read_text(encoding="utf-8"))

    def picture(self, story: str, name: str) -> Path:
        return OUT / f"{story}-{name}.png"

    def panorama(self) -> Path:
        """The sky of the story's good run, which is looked at."""
        return Path(self.saw("story", "retry")["after"]["result"])

    def skies(self, story: str) -> list[str]:
        return sorted(path.name for path in (OUT / "skies" / story).glob("*"))


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) if log.exists() else "-"


def interpreter() -> list[Path]:
    """What the engine's Python, which runs this, needs to run in the tree: its environment and the Python below it."""
    if sys.base_prefix == "/usr":  # the Debian tree has a /usr of its own
        return [Path(sys.prefix), Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))]
    return [Path(sys.prefix), Path(sys.base_prefix)]


@pytest.fixture(scope="session")
def window() -> Iterator[Window]:
    try:
        tree = window_chroot.make()
        shutil.rmtree(OUT, ignore_errors=True)
        extension = package.package(OUT)
        repository.repository(OUT / "newer")
        publish_older(extension, OUT / "older")
    except Unavailable as error:
        pytest.skip(str(error))
    stories, left_out, wheels = list(STORIES), {}, []
    try:
        wheels = [packages.find(tree)]
    except Unavailable as error:
        stories.remove("first_start")
        left_out["first_start"] = str(error)
    command = window_chroot.enter(
        tree,
        f"SKYLOOM_ENGINE_PYTHON={sys.executable}",
        f"SKYLOOM_TEST_MODEL={MODEL}",
        *(f"SKYLOOM_TEST_PACKAGES={folder}" for folder in wheels),
        f"SKYLOOM_TEST_BUILD={packages.BUILD}",
        *("unshare", "--net"),  # no other display's sockets, and the proof that nothing is downloaded
        *("timeout", "-k", "5", str(SECONDS), "python3", str(ROOT / "tests/gui/session.py")),
        *(str(OUT), str(extension), *stories),
        read_only=[ROOT, *interpreter(), *wheels],
        writable=[OUT],
    )
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"The window session ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    yield Window(left_out)
