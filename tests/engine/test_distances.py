"""Style, CLIP and weighted distances, beside what they are made of."""

import json
from pathlib import Path

import pytest
import torch
from tiny_text import make_clip
from transformers import CLIPModel, CLIPTokenizer

from engine.errors import BadModel
from engine.perceptual.clip_distance import ClipDistance, ClipNetwork, PromptDistance
from engine.perceptual.distance import WeightedSum
from engine.perceptual.library import PerceptualLibrary
from engine.perceptual.style_distance import StyleDistance


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("models") / "clip")


def pictures(count: int, size: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(count))


def test_style_is_blind_to_place_and_sees_texture(distance):
    style = StyleDistance(distance.network)
    stripes = torch.linspace(0, 25, 64).sin().expand(1, 3, 64, 64) / 2 + 0.5
    moved, turned = stripes.roll(9, dims=3), stripes.transpose(2, 3)
    assert style(stripes, stripes).item() == 0
    assert style(stripes, moved) < 0.1 * style(stripes, turned)
    assert distance(stripes, moved) > 0.3 * distance(stripes, turned)  # LPIPS is not


def test_style_is_summed_or_averaged_over_five_layers(distance):
    first, second = pictures(2), pictures(1)
    summed, mean = (StyleDistance(distance.network, over)(first, second) for over in ("sum", "mean"))
    torch.testing.assert_close(summed, 5 * mean)


def test_weighted_sum_is_the_sum_and_looks_once(distance):
    style = StyleDistance(distance.network)
    looks = []
    watch = distance.network.register_forward_hook(lambda *_: looks.append(1))
    both = WeightedSum({distance: 0.5, style: 100.0})
    first, second = pictures(2), pictures(1)
    total = both(first, second)
    assert len(looks) == 2  # at each of the two batches
    watch.remove()
    torch.testing.assert_close(total, 0.5 * distance(first, second) + 100 * style(first, second))


def test_library_loads_a_network_once(clip_path):
    library, device = PerceptualLibrary(), torch.device("cpu")
    first = library.distance({"lpips-alex": 1.0, "clip": 1.0}, device, clip=str(clip_path))
    second = library.distance({"clip-prompt": 1.0, "clip": 2.0}, device, "a storm", str(clip_path))
    assert first.network.networks[1] is second.network.networks[0]
    assert len(second.network.networks) == 1


def test_clip_is_transformers_own(clip_path):
    """At CLIP's own size, where nothing is resized."""
    network, theirs = ClipNetwork(str(clip_path)), CLIPModel.from_pretrained(clip_path)
    first, second = pictures(2, 32), pictures(1, 32)
    tokens = CLIPTokenizer.from_pretrained(clip_path)("a storm", return_tensors="pt")

    def cosine(pixels: torch.Tensor) -> torch.Tensor:
        normal = (pixels - network._mean) / network._std
        return theirs(**tokens, pixel_values=normal).logits_per_image[:, 0] / theirs.logit_scale.exp()

    torch.testing.assert_close(1 - PromptDistance(network, "a storm")(first, second), cosine(first))
    torch.testing.assert_close(ClipDistance(network)(first, first), torch.zeros(2), atol=1e-5, rtol=0)
    assert (ClipDistance(network)(first, second) > 1e-4).all()


def test_clip_has_a_gradient_at_any_size(clip_path):
    pixels = pictures(1, 48).requires_grad_()
    distance = PromptDistance(ClipNetwork(str(clip_path)), "a storm " * 100)
    (gradient,) = torch.autograd.grad(distance(pixels, pixels).sum(), pixels)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_what_is_no_clip_is_refused(clip_path, nano_path, tmp_path):
    with pytest.raises(BadModel, match="does not exist"):
        ClipNetwork(str(tmp_path / "missing"))
    with pytest.raises(BadModel, match="cannot be loaded"):
        ClipNetwork(str(nano_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(BadModel, match="is not a CLIP"):
        ClipNetwork(str(tmp_path))
    (tmp_path / "config.json").write_text((clip_path / "config.json").read_text())
    with pytest.raises(BadModel, match="cannot be loaded"):
        ClipNetwork(str(tmp_path))
