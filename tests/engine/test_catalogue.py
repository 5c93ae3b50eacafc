"""The catalogue of models: what ships is whole, and a wrong entry is refused with its place."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.batch.presets import located
from engine.errors import BadCatalogue, DownloadFailed
from engine.job import BUNDLED_MODEL
from engine.models.catalogue import Mirror, catalogue, read_catalogue
from engine.models.hub import HubFile, Repository, files_of_parts
from engine.models.loading import load_model

GOOD = """
[tiny]
title = "Tiny"
about = "A model"
kind = "model"
family = "sd1"
licence = "CC0"
licence_link = "https://example.org/licence"
window = 512
megabytes = 1
memory = 1
mirrors = [{ repository = "someone/tiny" }]
"""


def test_shipped_catalogue_is_whole():
    entries = catalogue()
    assert [entry.name for entry in entries.values() if entry.bundled] == [BUNDLED_MODEL]
    assert {"sd15", "sd2-base", "sdxl", "sd-turbo"} <= entries.keys()
    assert len(entries["sd2-base"].mirrors) > 1, "the original is gone, and a mirror may go as well"
    families = {entry.family for entry in entries.values() if entry.kind == "model"}
    loras = [entry for entry in entries.values() if entry.kind == "lora"]
    assert {entry.family for entry in loras} <= families
    assert {"sd1", "sdxl"} <= {entry.family for entry in loras if entry.name.startswith("360")}
    for entry in entries.values():
        assert entry.memory or entry.kind == "lora"
        assert entry.megabytes or entry.bundled


def test_entry_is_read(tmp_path: Path):
    (tmp_path / "models.toml").write_text(GOOD)
    entry = read_catalogue(tmp_path / "models.toml")["tiny"]
    assert (entry.mirrors, entry.sha256, entry.bundled) == ((Mirror("someone/tiny", "main"),), {}, False)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[tiny]", "[tiny", "cannot be read"),
        ("[tiny]", "['../tiny']", "a name that is no folder's"),
        ('title = "Tiny"', "", "lacks 'title'"),
        ('about = "A', 'abuot = "A', "unknown field 'abuot'"),
        ('kind = "model"', 'kind = "vae"', "kind = 'vae', which is none of model, lora"),
        ("megabytes = 1", 'megabytes = "1"', "megabytes = '1', which is no int"),
        ('{ repository = "someone/tiny" }', "", "has no mirrors"),
        ("someone/tiny", "https://elsewhere", "is no OWNER/NAME"),
        ('repository = "someone/tiny"', 'url = "someone/tiny"', "give its repository"),
        ('kind = "model"', 'kind = "lora"', "names no safetensors file"),
        ("https://", "javascript:", "licence with a link"),
        ("mirrors", 'sha256 = { "a" = "123" }\nmirrors', "no SHA-256"),
    ],
)
def test_wrong_entry_is_refused_with_its_place(tmp_path: Path, old: str, new: str, says: str):
    file = tmp_path / "models.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BadCatalogue, match=says) as refused:
        read_catalogue(file)
    assert str(file) in refused.value.message


def test_names_in_shot_lists_are_no_paths():
    values = {"model": "sd15", "loras": [["360-sd15", 0.8], ["mine.safetensors", 1.0]]}
    assert located(values, Path("/shots")) == {
        "model": "sd15",
        "loras": [["360-sd15", 0.8], [str(Path("/shots/mine.safetensors")), 1.0]],
    }


def repository(*paths: str) -> Repository:
    return Repository("someone/model", "c0ffee", {path: HubFile(path, 1, "git:0") for path in paths})


def chosen(*paths: str) -> list[str]:
    return sorted(file.path for file in files_of_parts(repository(*paths), ["unet"]))


def test_shards_are_of_the_same_precision():
    whole = ("unet/config.json", "unet/model.safetensors.index.json", "unet/model-00001-of-00002.safetensors")
    half = ("unet/model.safetensors.index.fp16.json", "unet/model.fp16-00001-of-00002.safetensors")
    assert chosen(*whole) == sorted(whole)
    assert chosen(*whole, *half) == sorted(("unet/config.json", *half))


def test_no_name_leads_out_of_the_folder():
    assert chosen("unet/config.txt", r"unet/..\..\evil.json", "unet/../evil.json") == ["unet/config.txt"]
    with pytest.raises(DownloadFailed):
        files_of_parts(repository("../unet/config.txt"), ["../unet"])


def test_pickles_alone_are_refused():
    with pytest.raises(DownloadFailed, match="no safetensors weights for its part 'unet'"):
        chosen("unet/config.json", "unet/diffusion_pytorch_model.bin")


def test_weights_of_sixteen_bits_under_the_hubs_names_are_loaded(nano_path: Path, tmp_path: Path):
    """Also if only some parts have them, and a checker is listed that is not there."""
    for file in [file for file in nano_path.rglob("*") if file.is_file()]:
        copy = tmp_path / file.relative_to(nano_path)
        copy.parent.mkdir(exist_ok=True)
        if file.parent.name in ("unet", "text_encoder") and file.suffix == ".safetensors":
            save_file(
                {key: value.half() for key, value in load_file(file).items()}, copy.with_suffix(".fp16.safetensors")
            )
        else:
            copy.write_bytes(file.read_bytes())
    index = json.loads((tmp_path / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    whole, half = (load_model(str(folder), torch.device("cpu"))._network for folder in (nano_path, tmp_path))
    for expected, loaded in zip(whole.parameters(), half.parameters(), strict=True):
        assert loaded.dtype == torch.float32
        assert torch.equal(loaded, expected.half().float())
