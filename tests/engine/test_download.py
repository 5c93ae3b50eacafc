"""Downloads as users see them: the real command line and huggingface_hub's own client, against a hub on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from conftest import engine_environment
from publishing import publish
from safetensors.torch import save_file

from engine.errors import BadModel
from engine.job import Job
from engine.models.folder import find_model, find_weights
from engine.pipeline import generate
from engine.protocol import Event, parse_event
from tests.hub_server import Hub

MODEL, LORA, PINNED = "lcm-dreamshaper", "360-sd15", "sd15"
MIRRORS = ("SimianLuo/LCM_Dreamshaper_v7", "ckpt/LCM_Dreamshaper_v7", "patrickvonplaten/LCM_Dreamshaper_v7")
UNET = "diffusion_pytorch_model.fp16.safetensors"
CHUNK = 1 << 16  # bytes, in which a download grows


@pytest.fixture(scope="module")
def published(nano_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(nano_path, tmp_path_factory.mktemp("hub") / "model")


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    """A hub with one mirror of the model and none of the others."""
    hub = Hub()
    hub.repositories[MIRRORS[0]] = published
    yield hub
    hub.close()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(hub: Hub, models: Path) -> Start:
    def start(*arguments: object, **variables: str) -> subprocess.Popen:
        places = {"HF_ENDPOINT": hub.url, "SKYLOOM_MODELS": str(models), "HF_TOKEN": "hf_secret"}
        environment = {key: value for key, value in engine_environment().items() if "OFFLINE" not in key}
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *map(str, arguments)],
            env=environment | places | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


Run = Callable[..., tuple[int, list[Event], str]]


@pytest.fixture
def run(start: Start) -> Run:
    """Run a command; returns its exit code, what it said on stdout as events, and its stderr."""

    def run(*arguments: object, **variables: str) -> tuple[int, list[Event], str]:
        process = start(*arguments, **variables)
        output, errors = process.communicate(timeout=120)
        assert "Traceback" not in errors
        return process.returncode, [event for line in output.splitlines() if (event := parse_event(line))], errors

    return run


def get(name: str = MODEL) -> tuple[str, ...]:
    return ("models", "download", name, "--accept-licence", "--events")


def files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_downloaded_is_what_is_needed_and_it_paints(
    run: Run, hub: Hub, models: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    code, events, errors = run(*get())
    assert code == 0, errors
    assert events[-1].path == str(models / MODEL)
    progress = [event.done for event in events if event.event == "download"]
    assert progress == sorted(progress)
    assert progress[-1] == next(event.total for event in events if event.event == "download")
    assert files(models / MODEL) == [
        "download.json",
        "feature_extractor/preprocessor_config.json",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.fp16.safetensors",
        *(f"tokenizer/{name}" for name in files(published / "tokenizer")),
        "unet/config.json",
        f"unet/{UNET}",
        "vae/config.json",
        f"vae/{UNET}",
    ]
    assert [path.name for path in (models / ".partial").iterdir()] == [f"{MODEL}.lock"]
    assert not [headers for _, headers in hub.requests if "authorization" in headers], "the user's token was given away"
    assert {"torch", "agent"}.isdisjoint(" ".join(headers["user-agent"] for _, headers in hub.requests).split("/"))

    seen = len(hub.requests)
    assert run(*get())[0] == 0
    assert len(hub.requests) == seen, "what is there was asked for again"
    monkeypatch.setenv("SKYLOOM_MODELS", str(models))
    result = list(generate(Job(prompt="a", model=MODEL, width=128, steps=2, seed=1), tmp_path / "sky.exr"))[-1]
    assert result.job["model"] == MODEL
    assert (tmp_path / "sky.exr").exists()


def test_check_list_and_remove(run: Run, models: Path, start: Start):
    assert run(*get())[0] == 0
    assert run("models", "check", MODEL)[0] == 0
    listed = start("models", "list").communicate()[0]
    assert any(line.startswith(MODEL) and "downloaded" in line for line in listed.splitlines())
    weights = models / MODEL / "unet" / UNET
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    code, _, errors = run("models", "check", MODEL)
    assert (code, f"unet/{UNET}" in errors) == (3, True)
    assert run("models", "remove", MODEL)[0] == 0
    assert files(models) == [f".partial/{MODEL}.lock"]
    assert run("models", "remove", MODEL)[0] == 2


def test_broken_line_goes_on_where_it_broke(run: Run, hub: Hub):
    hub.faults.cut = {UNET: CHUNK + 1000}
    assert run(*get())[0] == 0
    assert [headers["range"] for headers in hub.asked(f"unet/{UNET}") if "range" in headers]


def test_line_that_stays_broken_is_told_and_the_next_run_goes_on(run: Run, hub: Hub, models: Path):
    hub.faults.cut, hub.faults.cut_once = {UNET: CHUNK + 1000}, False
    code, events, _ = run(*get())
    assert (code, events[-1].code) == (4, "download_failed")
    assert "goes on where it stopped" in events[-1].hint
    assert not (models / MODEL).exists()
    hub.faults.cut.clear()
    hub.requests.clear()
    assert run(*get())[0] == 0
    assert hub.asked(f"cdn/{MIRRORS[0]}/unet/{UNET}")[0]["range"] == f"bytes={CHUNK}-"
    assert not hub.asked("text_encoder/model.fp16.safetensors"), "a whole file was downloaded again"


def test_cancel_keeps_what_is_there(run: Run, start: Start, hub: Hub, models: Path):
    hub.faults.stall = {UNET: CHUNK + 1000}
    process = start(*get())
    assert hub.stalled.wait(60)
    assert run(*get())[0] == 2, "two processes download one model"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert parse_event(output.splitlines()[-1]).event == "cancelled"
    assert "kept" in errors
    assert not (models / MODEL).exists()
    hub.go_on.set()
    hub.requests.clear()
    assert run(*get())[0] == 0
    assert hub.asked(f"cdn/{MIRRORS[0]}/unet/{UNET}")[0]["range"] == f"bytes={CHUNK}-"


def test_wrong_checksum_leads_to_the_next_mirror(run: Run, hub: Hub, models: Path, published: Path):
    hub.repositories[MIRRORS[1]] = published
    hub.faults.damaged = {"model.fp16.safetensors": MIRRORS[0]}
    code, events, errors = run(*get())
    assert code == 0, errors
    assert [event.code for event in events if event.event == "warning"] == ["next_mirror"]
    assert events[-1].repository == MIRRORS[1]
    assert json.loads((models / MODEL / "download.json").read_text())["repository"] == MIRRORS[1]


def test_wrong_checksum_everywhere_leaves_no_model(run: Run, hub: Hub, models: Path):
    hub.faults.damaged = {"model.fp16.safetensors": MIRRORS[0]}
    code, events, _ = run(*get())
    assert (code, events[-1].code) == (4, "download_failed")
    assert "checksum" in events[-1].message
    assert not (models / MODEL).exists()
    assert not list(models.rglob("*model*.part")), "bad bytes were kept"


def test_mirrors_are_tried_in_their_order(run: Run, hub: Hub, published: Path):
    hub.repositories = dict.fromkeys(MIRRORS[1:], published)
    hub.faults.status = {MIRRORS[1]: 503}
    code, events, _ = run(*get())
    assert (code, events[-1].repository) == (0, MIRRORS[2])
    asked = [path for path, _ in hub.requests if path.startswith("/api/")]
    assert [path.removeprefix("/api/models/").removesuffix("/revision/main") for path in asked] == list(MIRRORS)


@pytest.mark.parametrize(("status", "code"), [(404, "model_gone"), (403, "access_denied"), (401, "model_gone")])
def test_vanished_model_says_what_to_do(run: Run, hub: Hub, models: Path, status: int, code: str):
    """The hub answers 401 for what does not exist, to those who are not known to it."""
    hub.faults.status = dict.fromkeys(MIRRORS, status)
    exit_code, events, _ = run(*get())
    assert (exit_code, events[-1].code) == (4, code)
    assert all(mirror in events[-1].message for mirror in MIRRORS)
    assert "newer version of Skyloom" in events[-1].hint
    assert MIRRORS[0] in events[-1].hint
    assert files(models) == [f".partial/{MODEL}.lock"]


def test_other_weights_than_the_catalogue_expects_are_not_taken(run: Run, hub: Hub, published: Path):
    hub.repositories["stable-diffusion-v1-5/stable-diffusion-v1-5"] = published
    code, events, _ = run(*get(PINNED))
    assert code == 4
    assert "than the catalogue expects" in events[-1].message
    assert not hub.asked(".safetensors")


def fill(disk: Path) -> None:
    """Leave 8 KB on *disk*, on which somebody may still be writing."""
    with open(disk / "filler", "wb", buffering=0) as filler:
        while (free := shutil.disk_usage(disk).free) > 8192:
            filler.write(b"x" * min(free - 8192, 4096))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("filled", [False, True])
def test_full_disk(run: Run, start: Start, hub: Hub, models: Path, filled: bool):
    """Refused before it starts; or the disk fills up on the way."""
    models.mkdir()
    room = "1m" if filled else "150k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", models], check=True)
    try:
        if filled:
            hub.faults.stall = {UNET: CHUNK + 1000}
            process = start(*get())
            assert hub.stalled.wait(60)
            fill(models)
            hub.go_on.set()
            output, _ = process.communicate(timeout=60)
            last, code = parse_event(output.splitlines()[-1]), process.returncode
        else:
            code, events, _ = run(*get())
            last = events[-1]
            assert not hub.asked(".safetensors")
        assert (code, last.code) == (4, "no_room")
        assert not (models / MODEL).exists()
    finally:
        subprocess.run(["umount", models], check=True)


def test_lora_is_a_file_that_is_found_by_its_name(
    run: Run, hub: Hub, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = tmp_path / "lora"
    repository.mkdir()
    save_file({"a": torch.ones(2, 8)}, repository / "360Diffusion_v1.safetensors")
    (repository / "other.safetensors").write_bytes(b"not wanted")
    hub.repositories["Akbartus/Lora360"] = repository
    code, events, _ = run(*get(LORA))
    assert code == 0
    assert files(models / LORA) == ["360Diffusion_v1.safetensors", "download.json"]
    monkeypatch.setenv("SKYLOOM_MODELS", str(models))
    assert str(find_weights(LORA)) == events[-1].path
    with pytest.raises(BadModel, match="is a lora, not a model"):
        find_model(LORA)


def test_nothing_is_asked_for_without_licence_or_network(
    run: Run, hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
):
    code, _, errors = run("models", "download", MODEL)
    assert (code, "MIT" in errors, "was not accepted" in errors) == (2, True, True)
    code, events, _ = run(*get(), HF_HUB_OFFLINE="1")
    assert (code, events[-1].code) == (4, "offline")
    assert run("models", "download", "no-such-model")[0] == 2
    monkeypatch.setenv("SKYLOOM_MODELS", str(models))
    with pytest.raises(BadModel, match=f"models download {MODEL}"):
        find_model(MODEL)
    assert not hub.requests
