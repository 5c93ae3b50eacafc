"""The recipe of sky-small from end to end at toy size, and that an interrupted stage goes on where it stopped."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file
from torch import nn

from engine.job import Job
from engine.models.loading import load_model
from engine.plan import plan
from engine.sky import SkyRenderer, sample_parameters
from engine.upscaling import Upscaler
from training.autoencoder import new_autoencoder
from training.checkpoint import Trainee
from training.classifier import ATTRIBUTES, SkyClassifier, labels
from training.colour import fold_colour, to_opponent, to_rgb
from training.dataset import Panoramas, make_dataset, render_codes
from training.sampling import PanoramaSampler
from training.settings import PRESETS
from training.text import train_text
from training.tokenizer import make_tokenizer
from training.train import train
from training.transform import BlockTransform
from training.tune import block_map, tune
from training.upscaler import new_upscaler, train_upscaler

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
    assert pipeline.unet.config.sample_size * pipeline.vae_scale_factor == SMOKE.height
    card = json.loads((run / "model" / "skyloom.json").read_text())
    assert card["transfer"] == "log_radiance"
    assert card["native_height"] == SMOKE.height
    assert card["license"] == "CC0-1.0"
    assert load_model(str(run / "model"), CPU).paint_scale == 2
    assert {"sunset", "mountains", "the"} < set(card["vocabulary"])
    assert not list(run.rglob("*.bin")) + list(run.rglob("*.pt")) + list(run.rglob("*.pkl"))


@pytest.mark.parametrize("windows", [False, True])
def test_sampled_panorama_is_whole(pipeline: StableDiffusionPipeline, windows: bool) -> None:
    sampler = PanoramaSampler(pipeline.to(torch.float32), guidance=3.0, steps=2, windows=windows)
    once, again = (sampler.sample(["sunset over the sea"], seed=1) for _ in range(2))
    assert once.shape == (1, 3, SMOKE.height, 2 * SMOKE.height)
    assert torch.isfinite(once).all()
    assert torch.equal(once, again)


def test_tuning_changes_what_it_trains_and_nothing_else(run: Path, tmp_path: Path) -> None:
    model = run / "model"
    tuned = tune(tmp_path, model, SMOKE, CPU)
    StableDiffusionPipeline.from_pretrained(tuned, safety_checker=None)
    files = [file.relative_to(model) for file in model.rglob("*") if file.is_file()]
    changed = {str(file) for file in files if (model / file).read_bytes() != (tuned / file).read_bytes()}
    assert changed == {"unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"}
    before, after = (load_file(folder / "unet/diffusion_pytorch_model.safetensors") for folder in (model, tuned))
    learnt = {name for name, old in before.items() if not torch.equal(old, after[name])}
    assert learnt
    assert all("attn2" in name or "emb" in name for name in learnt)


def test_an_upscaler_is_learnt_and_put_into_the_model(run: Path, tmp_path: Path) -> None:
    """It begins by nearly repeating pixels, learns, and makes the last stage of a large sky."""
    model = train_upscaler(tmp_path, run / "model", SMOKE, CPU)
    before, after = (json.loads((folder / "skyloom.json").read_text()) for folder in (run / "model", model))
    assert after == before | {"upscaler": "upscaler/model.safetensors"}
    file = model / after["upscaler"]
    learnt, begun = Upscaler(file, CPU), new_upscaler(SMOKE.upscaler_channels, SMOKE.upscaler_convolutions)
    assert learnt.scale == 2
    assert not torch.equal(load_file(file)["body.0.weight"].float(), begun.state_dict()["body.0.weight"])
    picture = 0.5 + 0.05 * torch.rand(1, 3, 16, 16)  # code values of a sky with texture
    repeated = picture.repeat_interleave(2, 2).repeat_interleave(2, 3)
    with torch.no_grad():
        assert (begun(picture) - repeated)[..., 8:-8, 8:-8].abs().max() < 0.03
    loaded = load_model(str(model), CPU)
    job = Job(prompt="a storm", model=str(model), width=16 * SMOKE.height, layout="none")
    for asked, last in ((job, True), (replace(job, layout=None), False)):  # a layout is drawn again
        stages = [(stage.width, stage.learned, stage.detail > 0) for stage in plan(asked, loaded).stages]
        assert stages == [(512, False, True), (1024, last, not last)]


def test_the_encoder_is_one_affine_map_of_blocks() -> None:
    codes = render_codes(SkyRenderer(2), [sample_parameters(random.Random(i)) for i in range(12)], SMOKE.height, 8)
    autoencoder = new_autoencoder(_transform(codes), SMOKE).eval()
    fold_colour(autoencoder)
    with torch.no_grad():
        expected = autoencoder.encode(codes).latents * autoencoder.config.scaling_factor
    torch.testing.assert_close(block_map(autoencoder)(to_opponent(codes)), expected, rtol=1e-3, atol=1e-3)


def test_finished_run_does_not_train_again(run: Path) -> None:
    curves = {file: file.read_text() for file in run.rglob("curve.jsonl")}
    assert len(curves) == 4
    train(run, SMOKE, CPU)
    assert curves == {file: file.read_text() for file in run.rglob("curve.jsonl")}
    assert len(list(run.rglob("curve.png"))) == 4


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


def test_encoder_computes_the_block_transform() -> None:
    """Through diffusers' encoder, and from weights in half precision."""
    codes = render_codes(SkyRenderer(2), [sample_parameters(random.Random(i)) for i in range(12)], SMOKE.height, 8)
    transform = _transform(codes)
    expected = transform(to_opponent(codes))
    assert expected.square().mean().item() == pytest.approx(1, rel=0.05)
    autoencoder = new_autoencoder(transform, SMOKE).eval()
    fold_colour(autoencoder)
    for dtype, error in ((torch.float32, 1e-4), (torch.float16, 2e-2)):
        stored = autoencoder.to(dtype).float()  # as the exported model is loaded
        with torch.no_grad():
            found = stored.encode(codes).latents * stored.config.scaling_factor
        assert (found - expected).square().mean().sqrt().item() < error


def test_block_transform_keeps_what_it_can() -> None:
    """Pictures in the span of few components come back whole: the components are the principal ones."""
    basis = torch.linalg.qr(torch.randn(3 * 16, 3, generator=torch.Generator().manual_seed(0))).Q
    amounts = torch.randn(40, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    codes = nn.functional.pixel_shuffle(torch.einsum("ik,nkhw->nihw", basis, amounts), 4)
    latents = BlockTransform.fit(codes, (12, 24), 3)(codes)
    found, asked = (part.permute(0, 2, 3, 1).flatten(0, 2) for part in (latents, amounts))
    known = nn.functional.pad(found, (0, 1), value=1.0)
    torch.testing.assert_close(known @ torch.linalg.lstsq(known, asked).solution, asked, rtol=0, atol=1e-3)


def test_folding_changes_no_picture() -> None:
    """Opponent colours live in the first and last convolution afterwards."""
    codes = torch.rand(4, 3, 64, 64)
    torch.manual_seed(0)
    autoencoder = new_autoencoder(_transform(codes), SMOKE).eval()
    with torch.no_grad():
        latent = autoencoder.encode(to_opponent(codes)).latents
        before = to_rgb(autoencoder.decode(latent).sample)
        fold_colour(autoencoder)
        torch.testing.assert_close(autoencoder.encode(codes).latents, latent, rtol=1e-4, atol=2e-3)
        torch.testing.assert_close(autoencoder.decode(latent).sample, before, rtol=1e-4, atol=1e-4)


def test_tokenizer_reads_everything(run: Path) -> None:
    tokenizer = make_tokenizer(run / "tokenizer", SMOKE)
    assert tokenizer.model_max_length == SMOKE.tokens
    for text in ("Golden hour over a calm sea", "naïve été 東京 🌅", ""):
        ids = tokenizer(text).input_ids
        assert ids[0] == tokenizer.bos_token_id
        assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.convert_ids_to_tokens(tokenizer("sunset").input_ids)[1:-1] == ["sunset</w>"]


def test_text_encoder_learns_what_captions_say(tmp_path: Path) -> None:
    """After a few seconds it tells more of a sky from a new caption than it did at first."""
    settings = replace(SMOKE, text_minutes=0.2)
    tokenizer = make_tokenizer(tmp_path / "tokenizer", settings)
    train_text(tmp_path / "text", tokenizer, settings, CPU)
    points = [json.loads(line)["loss"] for line in (tmp_path / "text" / "curve.jsonl").read_text().splitlines()]
    assert points[-1] < 0.8 * points[0]


def test_classifier_knows_renders() -> None:
    rng = random.Random(4)
    skies = [sample_parameters(rng) for _ in range(90)]
    codes, truth = render_codes(SkyRenderer(4), skies, 32, 8), labels(skies)
    classifier = SkyClassifier(codes[:70], truth[:70])
    time = classifier.accuracy(codes[70:], truth[70:])[ATTRIBUTES.index("time")]
    assert time > 0.4  # seven classes


def _transform(codes: torch.Tensor) -> BlockTransform:
    return BlockTransform.fit(to_opponent(codes), SMOKE.transform_channels, SMOKE.latent_channels)
