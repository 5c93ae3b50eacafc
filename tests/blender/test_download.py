"""Models in Blender: what the panel offers, a real download from a hub on loopback, and what is done with it."""

import json
import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from conftest import NANO, extension

from tests.hub_server import Hub

MODEL, REPOSITORY, LORA = "lcm-dreamshaper", "SimianLuo/LCM_Dreamshaper_v7", "360-sd15"


@pytest.fixture
def hub(installed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    hub.repositories[REPOSITORY] = NANO
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    yield hub
    hub.close()
    shutil.rmtree(os.environ["SKYLOOM_MODELS"], ignore_errors=True)


@pytest.fixture
def online() -> Iterator[None]:
    bpy.context.preferences.system.use_online_access = True
    yield
    bpy.context.preferences.system.use_online_access = False


def test_offline_means_offline(scene, hub):
    bpy.context.preferences.system.use_online_access = False
    assert not bpy.ops.skyloom.download_model.poll()
    with pytest.raises(RuntimeError, match="may not go online"):
        bpy.ops.skyloom.download_model(name=MODEL, accept_licence=True)
    assert not hub.requests


def test_licence_comes_first(scene, hub, online):
    with pytest.raises(RuntimeError, match=r"was not accepted: MIT, https://"):
        bpy.ops.skyloom.download_model(name=MODEL)
    assert not hub.requests


def test_downloaded_model_paints_and_is_removed(scene, hub, online, quick):
    assert bpy.ops.skyloom.choose_model(name=MODEL) == {"FINISHED"}
    del quick["model"]
    with pytest.raises(RuntimeError, match="is not downloaded"):
        bpy.ops.skyloom.generate_panorama(**quick)
    assert bpy.ops.skyloom.download_model(name=MODEL, accept_licence=True) == {"FINISHED"}
    folder = Path(os.environ["SKYLOOM_MODELS"]) / MODEL
    assert folder.is_relative_to(os.environ["BLENDER_USER_RESOURCES"])
    assert (folder / "model_index.json").exists()
    assert extension("downloads").status().fraction == 1.0
    assert bpy.ops.skyloom.generate_panorama(**quick) == {"FINISHED"}
    assert bpy.ops.skyloom.remove_model(name=MODEL) == {"FINISHED"}
    assert not folder.exists()
    with pytest.raises(RuntimeError, match="is not downloaded"):
        bpy.ops.skyloom.remove_model(name=MODEL)


def test_failure_is_told_with_a_hint(scene, hub, online):
    hub.repositories.clear()
    with pytest.raises(RuntimeError, match="newer version of Skyloom"):
        bpy.ops.skyloom.download_model(name=MODEL, accept_licence=True)
    status = extension("downloads").status()
    assert not status.running and REPOSITORY in status.error and status.hint


def test_lora_goes_into_the_job_and_comes_back(scene):
    settings, job_settings = scene.skyloom, extension("job_settings")
    assert bpy.ops.skyloom.choose_model(name=LORA) == {"FINISHED"}
    settings.lora_scale = 0.8
    settings.prompt = "a storm"

    def job() -> dict:
        return job_settings.job_from(settings, _Call()).to_dict()

    first = job()
    assert (first["loras"], first["prompt"]) == (((LORA, 0.8),), "a storm, qxj")
    assert bpy.ops.skyloom.choose_model(name=LORA) == {"FINISHED"}
    assert (settings.lora, job()["loras"]) == ("", ())
    job_settings.use_job(settings, first | {"loras": [[LORA, 0.8], ["mine.safetensors", 1.0]]})
    again = job()
    assert (again["loras"], again["prompt"]) == (((LORA, 0.8), ("mine.safetensors", 1.0)), "a storm, qxj")
    assert settings.lora == LORA


def test_a_lora_of_ones_own_is_opened_and_comes_back(scene, tmp_path):
    settings, job_settings = scene.skyloom, extension("job_settings")
    matrix = {"dtype": "F16", "shape": [4, 768], "data_offsets": [0, 4 * 768 * 2]}
    header = json.dumps({"unet.mid_block.attn2.to_k.lora_A.weight": matrix}).encode()
    file = tmp_path / "mine.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * 768 * 2))
    with pytest.raises(RuntimeError, match="no LoRA"):
        bpy.ops.skyloom.open_lora(filepath=str(tmp_path / "theirs.safetensors"))
    model = tmp_path / "model" / "unet" / "config.json"
    model.parent.mkdir(parents=True)
    settings.model = str(tmp_path / "model")
    model.write_text('{"cross_attention_dim": 2048}')
    with pytest.raises(RuntimeError, match=r"Stable Diffusion 1\.x"):
        bpy.ops.skyloom.open_lora(filepath=str(file))
    assert not settings.lora
    model.write_text('{"cross_attention_dim": 768}')
    assert bpy.ops.skyloom.open_lora(filepath=str(file)) == {"FINISHED"}
    settings.prompt, settings.lora_scale = "a storm", 0.5
    job = job_settings.job_from(settings, _Call()).to_dict()
    assert (job["loras"], job["prompt"]) == (((str(file), 0.5),), "a storm")
    assert bpy.ops.skyloom.close_lora() == {"FINISHED"} and not settings.lora
    job_settings.use_job(settings, job)
    assert (settings.lora, settings.lora_scale) == (str(file), 0.5) and "loras" not in settings.other


class _Call:
    """An operator call without arguments."""

    other = ""

    class properties:
        @staticmethod
        def is_property_set(_name: str) -> bool:
            return False
