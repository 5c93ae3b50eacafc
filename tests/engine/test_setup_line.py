"""The engine's packages come over a line that breaks, by pip and by uv, from a package index on loopback."""

from pathlib import Path

import pytest

from engine.setup.builds import builds_here
from tests.tiny_packages import locked, wheel
from tests.workshop import Workshop
from tools.environments import make

PACKAGES_ARE_THERE = "Preparing the perceptual network"  # what is told next, with which these tests are not concerned
TORCH, PART = "torch-2.13.0-py3-none-any.whl", 100_000


@pytest.fixture(params=("pip", "uv"))
def workshop(request, tmp_path):
    """Its packages come by that tool, of the version that is pinned, and from an index."""
    workshop = Workshop(tmp_path, **tools()[request.param], index=True)
    workshop.tool = request.param
    yield workshop
    workshop.index.close()


def tools() -> dict[str, dict[str, Path]]:
    python = make("lock")
    (site_packages,) = python.parents[1].rglob("site-packages")
    return {"uv": {"uv": python.with_name("uv")}, "pip": {"pip": site_packages}}


def asked(workshop: Workshop, name: str) -> list[str | None]:
    """From where on the file *name* was asked for, each time."""
    return [headers.get("range") for headers in workshop.index.asked(f"/files/{name}")]


def installed(workshop: Workshop) -> bool:
    end = workshop.run(until=PACKAGES_ARE_THERE)[-1]
    return end["event"] == "cancelled" and all(map(Path.is_file, map(workshop.file, ("lent.pth", "tiny_lpips.py"))))


def test_line_that_breaks_in_a_file(workshop):
    """pip asks for the rest of the file, uv for all of it."""
    workshop.index.faults.cut[TORCH] = PART
    assert installed(workshop), workshop.log.read_text()[-3000:]
    assert asked(workshop, TORCH) == [None, f"bytes={PART}-" if workshop.tool == "pip" else None]


def test_click_after_a_line_that_stayed_broken(workshop):
    """It takes the packages that were whole from where they are kept, and begins the one that was not."""
    faults = workshop.index.faults
    faults.cut[TORCH], faults.cut_once = PART, False
    end = workshop.run()[-1]
    assert end["code"] == "unreachable" and "kept" in end["hint"], workshop.log.read_text()[-3000:]
    assert asked(workshop, "tiny_kernels-1.0-py3-none-any.whl") == [None]
    assert not workshop.file("tiny_kernels.py").exists(), "it is installed, so it need not be kept"
    del faults.cut[TORCH]
    workshop.index.requests.clear()
    assert installed(workshop), workshop.log.read_text()[-3000:]
    assert asked(workshop, TORCH) == [None]
    assert asked(workshop, "tiny_kernels-1.0-py3-none-any.whl") == []


def test_file_of_other_bytes_is_refused(workshop):
    workshop.index.faults.damaged[TORCH] = ""
    assert workshop.run()[-1]["code"] == "damaged_download"
    assert not workshop.file("lent.pth").exists()


def test_damaged_package_comes_anew(workshop):
    """Written into, and so changed also where uv keeps it, of which it is a link."""
    assert installed(workshop), workshop.log.read_text()[-3000:]
    workshop.file("tiny_clouds/__init__.py").write_text("shape = 'mud'\n")
    assert installed(workshop)
    assert "cumulus" in workshop.file("tiny_clouds/__init__.py").read_text()


@pytest.mark.skipif(len(builds_here()) < 2, reason="there is one build for this platform")
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_another_build_takes_the_place_of_the_first(tool, tmp_path):
    """Without what only that one has; to an installer the same version of PyTorch is the same package."""
    workshop = Workshop(tmp_path, **tools()[tool])
    assert installed(workshop), workshop.log.read_text()[-3000:]
    build = next(build for build in builds_here().values() if build.name != workshop.build)
    version = f"2.13.0+{build.flavour}" if build.flavour else "2.13.0"
    next(workshop.packages.glob("torch-*")).unlink()  # each has a place of its own in life
    other = wheel(workshop.packages, "torch", version, {"other_build.py": ""})
    (workshop.locks / f"{build.lock}.txt").write_text(locked(other), encoding="utf-8")
    workshop.build = build.name
    assert workshop.run(until=PACKAGES_ARE_THERE)[-1]["event"] == "cancelled", workshop.log.read_text()[-3000:]
    assert workshop.file("other_build.py").is_file()
    assert not workshop.file("lent.pth").exists() and not workshop.file("tiny_kernels.py").exists()
    assert workshop.file("tiny_lpips.py").is_file()


@pytest.mark.parametrize("workshop", ["uv"], indirect=True)
def test_uv_that_is_gone_at_the_next_click(workshop):
    (workshop.index.wheels / TORCH).rename(workshop.index.wheels / "away")
    assert workshop.run()[-1]["event"] == "error"
    (workshop.index.wheels / "away").rename(workshop.index.wheels / TORCH)
    (workshop.path / "uv").unlink()
    assert installed(workshop), workshop.log.read_text()[-3000:]


def test_cancel_in_the_middle_of_a_file(workshop):
    workshop.index.faults.stall[TORCH] = PART
    with workshop.start() as process:
        assert workshop.index.stalled.wait(100)
        output, _ = process.communicate("cancel\n", timeout=60)
    workshop.index.go_on.set()
    assert '"cancelled"' in output.splitlines()[-1]
    assert installed(workshop), workshop.log.read_text()[-3000:]
    assert len(asked(workshop, "tiny_clouds-1.0-py3-none-any.whl")) == 1
