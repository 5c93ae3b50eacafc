"""The engine is installed by its own process, from a folder of tiny wheels, by a copy of Skyloom with their locks."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from engine.setup import builds
from engine.setup.place import EngineFolder
from tests.tiny_packages import PIP_ALONE, make_packages

ROOT = Path(__file__).resolve().parents[2]
BUILD = "apple" if sys.platform == "darwin" else "cpu"


class Workshop:
    """A copy of Skyloom, its tiny packages and where its engine goes."""

    def __init__(self, folder: Path) -> None:
        self.copy, self.packages = folder / "skyloom", folder / "packages"
        shutil.copytree(ROOT / "engine", self.copy / "engine", ignore=shutil.ignore_patterns("__pycache__"))
        os.symlink(ROOT / "assets", self.copy / "assets")
        self.locks = self.copy / "engine" / "setup" / "locks"
        make_packages(self.packages, self.locks, Path(sysconfig.get_path("purelib")))
        self.engine = EngineFolder(folder / "engine")

    def start(self, command: str = "install", **more: object) -> subprocess.Popen:
        arguments = [command, self.engine.path, "--build", BUILD, "--packages", self.packages]
        # An empty PATH: an uv on the machine would be used, which is another test.
        environment = os.environ | {"PYTHONPATH": str(self.copy), "PATH": "/nowhere"} | PIP_ALONE | more
        call = [sys.executable, "-m", "engine.setup", *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(call, cwd=self.copy, env=environment, text=True, **pipes)

    def run(self, command: str = "install", **more: object) -> list[dict]:
        """All events until the end; stdin stays open, as Blender keeps it."""
        process = self.start(command, **more)
        events = [json.loads(line) for line in process.stdout]
        process.communicate()
        return events


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Workshop, list[dict]]:
    workshop = Workshop(tmp_path_factory.mktemp("setup"))
    return workshop, workshop.run()


def test_install_makes_an_engine_that_works(installed):
    workshop, events = installed
    assert events[-1] == {"event": "finished", "path": str(workshop.engine.python)}, events[-3:]
    fractions = [event["fraction"] for event in events if event["event"] == "work"]
    assert fractions == sorted(fractions) and fractions[-1] < 1
    assert (workshop.engine.environment / "share/skyloom/lpips_vgg.safetensors").is_file()
    assert not workshop.engine.downloads.exists()


def test_repair_finds_a_damaged_package(installed):
    workshop, _ = installed
    (file,) = workshop.engine.environment.rglob("tiny_clouds/__init__.py")
    file.write_text("shape = 'mud'\n")
    assert workshop.run()[-1]["event"] == "finished"
    assert "cumulus" in file.read_text()


def test_other_packages_are_refused(tmp_path):
    workshop = Workshop(tmp_path)
    lock = workshop.locks / "packages.txt"
    lock.write_text(lock.read_text()[:-2] + ("0" if lock.read_text()[-2] != "0" else "1") + "\n")
    end = workshop.run()[-1]
    assert end["code"] == "damaged_download"
    assert workshop.engine.record() is None


def test_missing_package_is_told_and_the_next_try_goes_on(tmp_path):
    workshop = Workshop(tmp_path)
    (torch,) = workshop.packages.glob("torch*")
    away = torch.rename(tmp_path / torch.name)
    end = workshop.run()[-1]
    assert (end["event"], end["code"]) == ("error", "setup_failed")
    assert "missing" in end["message"] and end["hint"]
    away.rename(torch)
    assert workshop.run()[-1]["event"] == "finished"


def test_cancel(tmp_path):
    workshop = Workshop(tmp_path)
    process = workshop.start()
    assert json.loads(process.stdout.readline())["event"] == "work"
    output, _ = process.communicate("cancel\n", timeout=60)
    assert json.loads(output.splitlines()[-1]) == {"event": "cancelled"}
    assert process.returncode == 130
    assert workshop.engine.record() is None


def test_too_little_room(tmp_path):
    workshop = Workshop(tmp_path)
    (workshop.locks / "sizes.json").write_text(json.dumps({builds.platform_name(): {"packages": 10**15}}))
    end = workshop.run()[-1]
    assert end["code"] == "no_room" and "GB are free" in end["message"]


def test_foreign_folder_is_left_alone(tmp_path):
    workshop = Workshop(tmp_path)
    workshop.engine.path.mkdir()
    (workshop.engine.path / "thesis.txt").write_text("precious")
    for command in ("install", "remove"):
        assert workshop.run(command)[-1]["code"] == "bad_request"
    assert (workshop.engine.path / "thesis.txt").exists()


def test_remove(installed, tmp_path):
    workshop, _ = installed
    shutil.move(workshop.engine.path, tmp_path / "engine")
    workshop.engine = EngineFolder(tmp_path / "engine")
    assert workshop.run("remove")[-1]["event"] == "finished"
    assert not workshop.engine.path.exists()


@pytest.mark.parametrize(
    ("printed", "name"),
    [("NVIDIA RTX 4090, 580.65", "cuda"), ("NVIDIA GTX 1080, 535.1", "cpu"), ("no devices were found", "cpu")],
)
@pytest.mark.skipif(sys.platform != "linux", reason="plays the driver's tool by a shell script")
def test_build_follows_the_machine(tmp_path, monkeypatch, printed, name):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{printed}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    build, why = builds.suggested_build()
    assert build.name == name
    assert ("580" in why) == ("535" in printed)
