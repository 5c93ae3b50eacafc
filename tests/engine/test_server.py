"""The long-lived engine process, driven by the client that Blender uses."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import engine_environment

from engine.client import EngineClient
from engine.environment import PYTHON_VARIABLE, find_engine_python
from engine.errors import EngineIncomplete, EngineLost
from engine.job import Job
from engine.job_parts import Layout
from engine.process import EventProcess
from engine.protocol import Cancelled, Event, Failure, Lost, Preview, Progress, Ready, Result


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EngineClient]:
    client = EngineClient(Path(sys.executable), tmp_path / "logs" / "engine.log")
    yield client
    client.close()


@pytest.fixture
def job(nano_path: Path) -> Job:
    return Job(prompt="a storm", model=str(nano_path), width=128, steps=2, sync_steps=1, seed=1)


@pytest.fixture
def long_job(nano_path: Path) -> Job:
    return Job(prompt="a storm", model=str(nano_path), width=128, steps=500, sync_steps=500, seed=1)


def until(client: EngineClient, *kinds: type[Event], seconds: float = 120) -> Event:
    """The next event of one of *kinds*."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        event = client.wait(left)
        if isinstance(event, kinds):
            return event
        assert not isinstance(event, Lost), event
    raise AssertionError(f"no {kinds} within {seconds} s")


def until_sampling(client: EngineClient) -> None:
    while until(client, Progress).stage != "sample":
        pass


def test_layouts_are_drawn_as_large_as_asked_for(client):
    for height in (128, 512):
        client.draw(Layout(ground="sea"), height)
        preview = until(client, Preview, Failure)
        assert (preview.width, preview.height) == (2 * height, height)
        pixels = np.frombuffer(base64.b64decode(preview.pixels), "<f2").reshape(height, 2 * height, 3)
        assert pixels[: height // 4, :, 2].mean() > pixels[: height // 4, :, 0].mean(), "the zenith is blue"


@pytest.mark.parametrize("height", [0, 4096, "tall", None])
def test_layout_of_a_size_that_cannot_be_is_refused(client, height):
    client.draw(Layout(), height)
    assert "height" in until(client, Failure).message


def test_one_process_makes_many_skies_and_survives_errors(client, job, tmp_path):
    assert isinstance(until(client, Ready), Ready)
    client.generate(job, tmp_path / "one.exr")
    result = until(client, Result, Failure)
    assert isinstance(result, Result), result
    assert Path(result.exr).exists()
    assert Path(result.png).exists()
    assert result.job["seed"] == 1

    client.generate(Job(prompt="a", model=str(tmp_path / "missing")), tmp_path / "two.exr")
    failure = until(client, Result, Failure)
    assert (failure.code, bool(failure.hint)) == ("bad_model", True)

    client.generate(job, tmp_path / "three.exr")
    assert isinstance(until(client, Result, Failure), Result)
    assert (tmp_path / "three.exr").read_bytes() == (tmp_path / "one.exr").read_bytes()


def test_cancel_stops_and_leaves_nothing(client, job, long_job, tmp_path):
    client.generate(long_job, tmp_path / "sky.exr")
    until_sampling(client)
    client.cancel()
    assert isinstance(until(client, Cancelled, Result), Cancelled)
    assert not list(tmp_path.glob("*sky*"))
    client.generate(job, tmp_path / "next.exr")
    assert isinstance(until(client, Result, Failure), Result)


def test_engine_ends_when_blender_does(client, long_job, tmp_path):
    client.generate(long_job, tmp_path / "sky.exr")
    until_sampling(client)
    client._process.stdin.close()  # what the operating system does when Blender is gone
    client._process.wait(5)
    assert not list(tmp_path.glob("*sky*"))


def test_killed_engine_is_noticed(client, long_job, tmp_path):
    client.generate(long_job, tmp_path / "sky.exr")
    until_sampling(client)
    os.kill(client._process.pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    while not isinstance(event := client.wait(20), Lost):
        assert event is not None
    assert event.status != 0
    assert not client.alive
    with pytest.raises(EngineLost):
        client.generate(long_job, tmp_path / "sky.exr")
    assert not list(tmp_path.glob("*sky*"))


def test_nonsense_on_the_pipe_is_ignored(client, job, tmp_path):
    client._process.stdin.write('nonsense\n[]\n{"request": "dance"}\n{"request": "generate", "out": "x.exr"}\n')
    client._process.stdin.flush()
    assert "JSON object" in until(client, Failure).message
    client.generate(job, tmp_path / "sky.exr")
    assert isinstance(until(client, Result, Failure), Result)


def test_python_that_is_missing_is_named(tmp_path):
    with pytest.raises(EngineIncomplete, match="no-python"):
        EngineClient(tmp_path / "no-python", tmp_path / "engine.log")


@pytest.mark.skipif(not Path("/bin/false").exists(), reason="needs /bin/false")
def test_program_that_is_not_an_engine_is_lost(tmp_path):
    client = EngineClient(Path("/bin/false"), tmp_path / "engine.log")
    assert client.wait(20) == Lost(status=1, detail="")


@pytest.mark.skipif(os.name == "nt", reason="deletes a file that is open")
def test_an_end_is_told_when_the_log_is_gone(tmp_path):
    process = EventProcess([sys.executable, "-c", "import sys; sys.stdin.read()"], tmp_path / "engine.log")
    (tmp_path / "engine.log").unlink()
    process.close(20)
    assert process.wait(20) == Lost(status=0, detail="")


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineIncomplete, match=r"log, .*engine\.log, cannot be written"):
        EventProcess([sys.executable], tmp_path / "file" / "engine.log")


def test_python_without_torch_says_so(tmp_path):
    """The base interpreter of the environment has no packages."""
    base = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
    client = EngineClient(base, tmp_path / "engine.log")
    failure = client.wait(60)
    assert isinstance(failure, Failure)
    assert failure.code == "engine_incomplete"
    assert isinstance(client.wait(20), Lost)


def test_engine_python_is_found_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("SKYLOOM_CACHE", str(tmp_path))
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    with pytest.raises(EngineIncomplete, match="not installed"):
        find_engine_python()
    for name in ("recorded", "variable", "chosen"):
        (tmp_path / name).touch()
    (tmp_path / "engine-python.txt").write_text(f"{tmp_path / 'recorded'}\n")
    assert find_engine_python() == tmp_path / "recorded"
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "variable"))
    assert find_engine_python() == tmp_path / "variable"
    assert find_engine_python(str(tmp_path / "chosen")) == tmp_path / "chosen"
    with pytest.raises(EngineIncomplete, match="gone"):
        find_engine_python(str(tmp_path / "gone"))


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_writing_to_an_engine_that_has_ended_is_an_error_and_no_death(tmp_path):
    """Where the signal of a broken pipe kills, as it does in a Blender with a window."""
    code = f"""
import signal, time
from pathlib import Path
from engine.errors import EngineLost
from engine.process import EventProcess
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
process = EventProcess(["true"], Path({str(tmp_path / "engine.log")!r}))
process.wait(30)
try:
    process.cancel()
except EngineLost:
    process.close()
    print("lost")
"""
    done = subprocess.run([sys.executable, "-c", code], env=engine_environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "lost\n"), done.stderr
