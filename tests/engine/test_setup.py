"""The engine is installed by its own process, from a folder of tiny wheels, by a copy of Skyloom with their locks."""

import json
import os
import re
import sys

import pytest

from engine.setup import builds, kept, lock
from engine.setup.commands import _explain
from tests.workshop import ROOT, Workshop


@pytest.fixture(scope="module")
def tries(tmp_path_factory) -> tuple[Workshop, dict, list[dict]]:
    """A workshop after two tries: the last event of the first, all of the second.

    In the first the bundled model is missing; before the second a file of one package is changed and another's is lost.
    """
    workshop = Workshop(tmp_path_factory.mktemp("setup"))
    first = workshop.run()[-1]
    os.symlink(ROOT / "assets", workshop.copy / "assets")
    workshop.file("tiny_clouds/__init__.py").write_text("shape = 'mud'\n")
    workshop.file("tiny_lpips.py").unlink()
    return workshop, first, workshop.run()


@pytest.fixture
def installed(tries) -> Workshop:
    return tries[0]


def test_what_the_doctor_finds_is_told(tries):
    _, first, _ = tries
    assert (first["event"], first["code"]) == ("error", "setup_failed")
    assert "sky-small" in first["message"] and first["hint"]


def test_the_next_try_makes_an_engine_that_works(tries):
    workshop, _, events = tries
    assert events[-1] == {"event": "finished", "path": str(workshop.engine.python)}, events[-3:]
    work = [event for event in events if event["event"] == "work"]
    for told in ("fraction", "done"):
        assert (told_so_far := [event[told] for event in work]) == sorted(told_so_far)
    assert work[-1]["fraction"] < 1
    assert (workshop.engine.environment / "share/skyloom/lpips_vgg.safetensors").is_file()
    assert not workshop.engine.downloads.exists()


def test_the_next_try_repairs_damaged_packages(installed):
    assert "cumulus" in installed.file("tiny_clouds/__init__.py").read_text()
    assert installed.file("tiny_lpips.py").is_file()


def test_other_packages_are_refused(tmp_path):
    workshop = Workshop(tmp_path)
    packages = workshop.locks / "packages.txt"
    packages.write_text(packages.read_text()[:-2] + ("0" if packages.read_text()[-2] != "0" else "1") + "\n")
    end = workshop.run()[-1]
    assert end["code"] == "damaged_download"
    assert workshop.engine.record() is None


def test_cancel(tmp_path):
    workshop = Workshop(tmp_path)
    process = workshop.start()
    assert json.loads(process.stdout.readline())["event"] == "work"
    output, _ = process.communicate("cancel\n", timeout=60)
    assert json.loads(output.splitlines()[-1]) == {"event": "cancelled"}
    assert process.wait(60) == 130
    assert workshop.engine.record() is None


def test_only_whole_packages_of_an_earlier_try_are_used(tmp_path, monkeypatch):
    workshop = Workshop(tmp_path)
    monkeypatch.setattr(kept, "LOCKS", workshop.locks)
    cloud, torch = (next(workshop.packages.glob(f"{name}*")) for name in ("tiny_clouds", "torch"))
    for wheel, content in ((cloud, cloud.read_bytes()), (torch, torch.read_bytes()[:-1])):
        unpacking = workshop.engine.temporary / f"pip-unpack-{wheel.stem}"
        unpacking.mkdir(parents=True)
        (unpacking / wheel.name).write_bytes(content)
    assert [wheel.name for wheel in kept.whole_wheels(workshop.engine)] == [cloud.name]


def test_every_package_of_every_lock_has_checksums():
    for path in lock.LOCKS.glob("*.txt"):
        packages = [part for part in re.split(r"\n(?=\w)", path.read_text("utf-8")) if not part.startswith("#")]
        assert packages and all("==" in package and "--hash=sha256:" in package for package in packages), path
    assert all(lock.lock_file(build.lock).is_file() for build in builds.builds_here().values())


@pytest.mark.parametrize(
    ("printed", "who"),
    [
        ("connection broken by 'NameResolutionError(\"HTTPSConnection(host='a.example', port=443)", " at a.example"),
        ("cause: Failed to fetch: `https://a.example/cpu/`\n  cause: dns error", " at a.example"),
        ("ReadTimeout: timed out", ""),
    ],
)
def test_who_cannot_be_reached_is_named(printed, who):
    told = _explain(printed, "Getting PyTorch failed.")
    assert told.code == "unreachable"
    assert told.message == f"The package index{who} cannot be reached, or the line broke."


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


def test_remove(installed):
    """The last one that uses the engine of this module."""
    assert installed.run("remove")[-1]["event"] == "finished"
    assert not installed.engine.path.exists()


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
