"""The recipe of sky-small from end to end at toy size, and that an interrupted stage goes on where it stopped."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from torch import nn

from engine.sky import SkyRenderer, sample_parameters
from training.autoencoder import new_autoencoder
from training.checkpoint import Trainee
from training.classifier import ATTRIBUTES, SkyClassifier, labels
from training.colour import fold_colour, to_opponent, to_rgb
from training.dataset import Panoramas, make_dataset, render_codes
from training.latents import Latents, standardised
from training.sampling import PanoramaSampler
from training.settings import PRESETS
from training.tokenizer import make_tokenizer
from training.train import train

SMOKE = PRESETS["smoke"]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole smoke run."""
    folder = tmp_path_factory.mktemp("run")
    train(folder, SMOKE, CPU)
    return folder


@pytest.fixture(scope="module")
def pipeline(run: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_pretrained(run / "model", safety_checker=None)


def test_exported_folder_is_a_pipeline(run: Path, pipeline: StableDiffusionPipeline) -> None:
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.scheduler.config.clip_sample is False
    assert pipeline.vae.config.scaling_factor == 1.0
    assert pipeline.unet.config.sample_size * pipeline.vae_scale_factor == SMOKE.height
    card = json.loads((run / "model" / "skyloom.json").read_text())
    assert card["transfer"] == "log_radiance"
    assert card["native_height"] == SMOKE.height
    assert card["license"] == "CC0-1.0"
    assert not list(run.rglob("*.bin")) + list(run.rglob("*.pt")) + list(run.rglob("*.pkl"))


def test_sampled_panorama_is_whole(pipeline: StableDiffusionPipeline) -> None:
    sampler = PanoramaSampler(pipeline.to(torch.float32), guidance=3.0, steps=2)
    once, again = (sampler.sample(["sunset over the sea"], seed=1) for _ in range(2))
    assert once.shape == (1, 3, SMOKE.height, 2 * SMOKE.height)
    assert torch.isfinite(once).all()
    assert torch.equal(once, again)


def test_finished_run_does_not_train_again(run: Path) -> None:
    curves = {file: file.read_text() for file in run.rglob("curve.jsonl")}
    assert len(curves) == 3
    train(run, SMOKE, CPU)
    assert curves == {file: file.read_text() for file in run.rglob("curve.jsonl")}
    assert len(list(run.rglob("curve.png"))) == 3


def test_stage_resumes_from_its_step(tmp_path: Path) -> None:
    def trainee() -> Trainee:
        torch.manual_seed(0)
        return Trainee(nn.Linear(3, 2), tmp_path, rate=1e-2, minutes=1.0, average=0.9)

    def loss(step: int, module: nn.Module) -> torch.Tensor:
        return module(torch.randn(4, 3, generator=torch.Generator().manual_seed(step))).square().mean()

    straight = trainee()
    for step in range(6):
        straight.update(loss(step, straight.module), 1.0)
        if step == 3:
            straight.save()
    resumed = trainee()
    assert resumed.step == 4
    assert resumed.progress > 0
    for step in range(4, 6):
        resumed.update(loss(step, resumed.module), 1.0)
    torch.testing.assert_close(resumed.module.state_dict(), straight.module.state_dict())
    torch.testing.assert_close(resumed.averaged.state_dict(), straight.averaged.state_dict())


def test_dataset_is_only_completed(tmp_path: Path) -> None:
    settings = replace(SMOKE, panoramas=3, height=32)
    before = make_dataset(tmp_path, settings, CPU)
    stamp = (tmp_path / "0000.safetensors").stat().st_mtime_ns
    after = make_dataset(tmp_path, settings, CPU)
    assert (tmp_path / "0000.safetensors").stat().st_mtime_ns == stamp
    assert len(after) == 3
    assert after.parameters == before.parameters
    assert after[2].shape == (3, 32, 64)
    torch.testing.assert_close(Panoramas(tmp_path)[2], after[2])


def test_folding_changes_no_picture() -> None:
    """Standardised latents and opponent colours live in the convolutions afterwards."""
    autoencoder = _autoencoder()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = to_rgb(autoencoder.decode(autoencoder.encode(to_opponent(x)).latent_dist.mode()).sample)
        plain = autoencoder.encode(to_opponent(x)).latent_dist.mode()
        mean, std = torch.randn(SMOKE.latent_channels), torch.rand(SMOKE.latent_channels) + 0.5
        folded = standardised(autoencoder, Latents(plain, torch.zeros(1), mean, std))
        fold_colour(folded)
        latent = folded.encode(x).latent_dist.mode()
        torch.testing.assert_close(
            latent, (plain - mean.view(1, -1, 1, 1)) / std.view(1, -1, 1, 1), rtol=1e-4, atol=1e-4
        )
        torch.testing.assert_close(folded.decode(latent).sample, before, rtol=1e-4, atol=1e-4)


def test_tokenizer_reads_everything(run: Path) -> None:
    tokenizer = make_tokenizer(run / "tokenizer", SMOKE)
    assert tokenizer.model_max_length == SMOKE.tokens
    for text in ("Golden hour over a calm sea", "naïve été 東京 🌅", ""):
        ids = tokenizer(text).input_ids
        assert ids[0] == tokenizer.bos_token_id
        assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.convert_ids_to_tokens(tokenizer("sunset").input_ids)[1:-1] == ["sunset</w>"]


def test_classifier_knows_renders() -> None:
    rng = random.Random(4)
    skies = [sample_parameters(rng) for _ in range(90)]
    codes, truth = render_codes(SkyRenderer(4), skies, 32, 8), labels(skies)
    classifier = SkyClassifier(codes[:70], truth[:70])
    time = classifier.accuracy(codes[70:], truth[70:])[ATTRIBUTES.index("time")]
    assert time > 0.4  # seven classes


def _autoencoder() -> AutoencoderKL:
    torch.manual_seed(0)
    return new_autoencoder(SMOKE).eval()
