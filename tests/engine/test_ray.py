"""Batches on a real Ray cluster of two machines, each a raylet of its own on this one; both may die."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from batches import ends, events_of, start
from conftest import ROOT
from skies import pixels

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
from ray.cluster_utils import Cluster

from engine.batch.crew import model_of
from engine.batch.ray_cluster import Place, places
from engine.batch.rows import Rows
from engine.batch.shots import read_shots
from engine.protocol import BatchProgress, BatchResult, Failure, ShotEnd, parse_event

SMALL = {"include_dashboard": False, "object_store_memory": 100_000_000}
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills with POSIX signals")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head that only keeps the books, and two machines with a core each, which tests may take away and add."""
    cluster = Cluster(initialize_head=True, head_node_args=SMALL | {"num_cpus": 0})
    for _ in range(2):
        cluster.add_node(num_cpus=1, **SMALL)
    yield cluster
    cluster.shutdown()


def workers(machine: int | None = None) -> list[psutil.Process]:
    """The processes that make skies, below the process *machine*; Ray names them after the class and what it does."""
    found = []
    for process in psutil.Process(machine).children(recursive=True):
        try:
            if " ".join(process.cmdline()).startswith("ray::Worker"):
                found.append(process)
        except psutil.Error:  # just gone
            continue
    return found


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_and_a_machine_die_in_the_middle(cluster, shot_list, engine, tmp_path, monkeypatch):
    path = shot_list('prompt = "a"\nvariations = 4\nsteps = 150', 'prompt = "bad"\nwidth = 100')
    process = start(path, "--out", tmp_path / "out", "--ray", cluster.address)
    events = []
    killed: set[str] = set()
    for event in events_of(process):
        events.append(event)
        if len(workers()) == 2 and isinstance(event, BatchProgress) and event.fraction > 0.02:
            if not killed:
                workers()[0].kill()
                killed.add("worker")
            elif "machine" not in killed and event.fraction > 0.3:
                cluster.remove_node(sorted(cluster.worker_nodes, key=id)[0], allow_graceful=False)
                killed.add("machine")
    assert process.wait(60) == 4, process.stderr.read()
    assert killed == {"worker", "machine"}
    good = [f"a-{seed}" for seed in range(4)]
    assert ends(events) == dict.fromkeys(good, "done") | {"bad-0": "failed"}
    assert None not in events, "something else was printed among them"
    assert Counter(type(event) for event in events)[ShotEnd] == 5, "each shot has ended once"
    result = events[-1]
    assert isinstance(result, BatchResult) and (result.done, result.failed) == (4, 1)
    told = json.loads(Path(result.summary).read_text())["shots"]
    assert [row["status"] for row in told] == ["done"] * 4 + ["failed"]
    assert Path(result.gallery).is_file()
    assert not [file.name for file in (tmp_path / "out").rglob("*.partial*")]
    wait_for(lambda: not workers())

    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as many as a worker has: another sum of threads rounds otherwise
    alone = tmp_path / "alone"
    assert engine("batch", path, "--out", alone).returncode == 4
    for name in good:
        assert np.array_equal(pixels(tmp_path / "out" / f"{name}.exr"), pixels(alone / f"{name}.exr"))
    assert engine("batch", path, "--out", tmp_path / "out").stdout.startswith("0 made, 4 already there, 1 failed")


def test_a_shot_that_kills_every_worker_is_given_up(cluster, shot_list, tmp_path):
    process = start(shot_list('prompt = "b"\nsteps = 2', 'prompt = "long"\nsteps = 900'), "--ray", cluster.address)
    events = []
    for event in events_of(process):
        events.append(event)
        if ends(events).get("b-0") and isinstance(event, BatchProgress) and event.fraction > 0.5:
            for worker in workers():
                worker.kill()
    assert process.wait(60) == 4
    assert ends(events) == {"b-0": "done", "long-0": "failed"}
    assert "cost 3 workers their life" in next(e.message for e in events if getattr(e, "status", "") == "failed")


def test_interrupted_it_leaves_no_worker_behind(cluster, shot_list, tmp_path):
    process = start(shot_list('prompt = "long"\nsteps = 900'), "--ray", cluster.address)
    for event in events_of(process):
        if isinstance(event, BatchProgress) and event.fraction > 0.1:
            break
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "what was finished stays" in errors
    assert json.loads((tmp_path / "shots" / "summary.json").read_text())["shots"][0]["status"] == "waiting"
    wait_for(lambda: not workers())


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="hiding a folder needs root")
def test_skies_come_from_a_machine_that_does_not_see_the_folder(cluster, shot_list, tmp_path):
    """It mounts an empty disk over the folder. As Ray was told that it alone has a GPU, it makes all."""
    out = tmp_path / "out"
    out.mkdir()
    hide = f'mount -t tmpfs tmpfs "{out}" && exec "$@"'
    ray = Path(sys.executable).with_name("ray")
    command = ["unshare", "--mount", "sh", "-c", hide, "sh", ray, "start", "--block", "--address", cluster.address]
    command += ["--num-cpus=1", "--num-gpus=1", "--object-store-memory=100000000", "--disable-usage-stats"]
    raylet = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        seen: set[psutil.Process] = set()
        wait_for(lambda: machines_with_gpu(cluster.address))
        process = start(
            shot_list('prompt = "a"\nsteps = 2\noutput = "deep/{seed}"'), "--out", out, "--ray", cluster.address
        )
        there: set[psutil.Process] = set()
        for event in events_of(process):
            seen |= set(workers())
            there |= set(workers(raylet.pid))
            last = event
        assert process.wait(60) == 0, process.stderr.read()
    finally:
        raylet.terminate()
        raylet.wait(60)
    assert seen == there != set()
    assert isinstance(last, BatchResult) and last.done == 1
    assert pixels(out / "deep" / "0.exr").shape == (64, 128, 3)
    png, thumbnail = out / "deep" / "0.png", out / "gallery" / "pictures" / "deep" / "0.jpg"
    assert png.stat().st_mtime_ns == thumbnail.stat().st_mtime_ns, "the head need not make it again"
    assert thumbnail.with_suffix(".js").read_text().startswith("receivePanorama(")


def machines_with_gpu(address: str) -> bool:
    code = "import ray, sys; ray.init(sys.argv[1], log_to_driver=False); print(ray.cluster_resources().get('GPU', 0))"
    told = subprocess.run([sys.executable, "-c", code, address], capture_output=True, text=True).stdout
    return told.strip() == "1.0"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "cannot be joined (Connection refused)"),
        ("nonsense", "cannot be joined (Invalid address"),
        ("ray://head:10001", "cannot run through ray://head:10001"),
    ],
)
def test_no_such_cluster_is_one_clear_line(engine, shot_list, tmp_path, address, says):
    refused = engine("batch", shot_list('prompt = "a"'), "--ray", address)
    assert refused.returncode in (2, 4)
    assert len(refused.stderr.splitlines()) == 1 and says in refused.stderr
    assert not (tmp_path / "shots").exists()


def test_a_cluster_without_skyloom_is_told(cluster, shot_list, tmp_path):
    """The engine is where the head has it; here it is hidden from the workers by a version of its own."""
    copy = shutil.copytree(ROOT / "engine", tmp_path / "head" / "engine")
    (copy.parent / "assets").symlink_to(ROOT / "assets")
    command = [
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import engine.process; "
        "engine.process.PACKAGE_PARENT = '/nowhere'; from engine.cli import main; sys.exit(main())",
    ]
    command += [str(copy.parent), "batch", str(shot_list('prompt = "a"')), "--ray", cluster.address, "--events"]
    made = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)
    assert made.returncode == 4
    last = parse_event(made.stdout.splitlines()[-1])
    assert isinstance(last, Failure) and "No worker starts" in last.message and "engine" in last.message


def test_places_are_gpus_or_else_machines():
    nodes = [
        {"NodeID": "head", "Alive": True, "Resources": {"memory": 1e9}},
        {"NodeID": "a", "Alive": True, "Resources": {"CPU": 8.0}},
        {"NodeID": "b", "Alive": True, "Resources": {"CPU": 4.0}},
        {"NodeID": "c", "Alive": False, "Resources": {"CPU": 4.0, "GPU": 2.0}},
    ]
    assert places(nodes) == [Place("a", 0, 0, 8.0), Place("b", 0, 0, 4.0)]
    nodes[-1]["Alive"] = True
    assert places(nodes) == [Place("c", 0, 1, 0), Place("c", 1, 1, 0)]


def test_workers_keep_to_the_model_that_they_have_warm(tmp_path):
    text = "".join(f'[[shot]]\nprompt = "{i}"\nmodel = "{"big" if i < 4 else "small"}"\n' for i in range(6))
    (tmp_path / "shots.toml").write_text(text, encoding="utf-8")
    shots = read_shots(tmp_path / "shots.toml", tmp_path)
    big, small = model_of(shots[0].job), model_of(shots[-1].job)
    rows = Rows(shots)
    assert rows.take(None, Counter()) == shots[0], "most shots wait for the big one"
    assert rows.take(None, Counter([big])) == shots[4], "and the other worker may as well begin with the small one"
    assert rows.take(big, Counter([big, small])) == shots[1]
    assert rows.take(small, Counter([big, small])) == shots[5]
    assert rows.take(small, Counter([big])) == shots[2], "rather another model than nothing to do"
    rows.put_back(shots[2])
    assert [rows.take(big, Counter()) for _ in range(3)] == [shots[2], shots[3], None]
