"""The decoder of the pictures that are kept: begins as the linear inverse, wraps, is saved and refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from engine.errors import BadModel
from engine.models.circular import circular_width
from engine.models.fine_decoder import SCALE, FineDecoder
from training.colour import fold_fine_colour, to_rgb
from training.fine_decoder import new_fine_decoder
from training.settings import PRESETS
from training.transform import BlockTransform

SMOKE = PRESETS["smoke"]


@pytest.fixture(scope="module")
def transform() -> BlockTransform:
    codes = torch.rand(4, 3, 64, 128, generator=torch.Generator().manual_seed(2)) - 0.5
    return BlockTransform.fit(codes, SMOKE.transform_channels, SMOKE.latent_channels)


@pytest.fixture
def decoder(transform: BlockTransform) -> FineDecoder:
    """One that has learnt something."""
    torch.manual_seed(5)
    decoder = new_fine_decoder(transform, SMOKE)
    torch.nn.init.normal_(decoder.enlarge[-1].weight, std=0.2)
    return decoder.eval().requires_grad_(False)


def latents(columns: int = 6) -> torch.Tensor:
    return torch.randn(1, SMOKE.latent_channels, 3, columns, generator=torch.Generator().manual_seed(1))


def test_inverse_of_the_transform_keeps_what_the_transform_keeps(transform: BlockTransform) -> None:
    assert torch.allclose(transform(transform.inverse(latents())), latents(), atol=1e-3)


def test_it_begins_as_the_linear_inverse(transform: BlockTransform) -> None:
    begun = new_fine_decoder(transform, SMOKE)(latents())
    plain = transform.inverse(latents())
    assert begun.shape[2:] == (SCALE * plain.shape[2], SCALE * plain.shape[3])
    error = (functional.avg_pool2d(begun, SCALE) - plain).square().mean()
    assert error < 0.1 * plain.var()


def test_a_turned_ring_is_painted_turned(decoder: FineDecoder) -> None:
    with circular_width(decoder):
        painted, turned = decoder(latents()), decoder(latents().roll(2, -1))
    assert torch.allclose(turned, painted.roll(2 * SCALE * SMOKE.factor, -1), atol=1e-5)


def test_colours_fold_into_the_last_layers(decoder: FineDecoder) -> None:
    expected = to_rgb(decoder(latents()))
    fold_fine_colour(decoder)
    assert torch.allclose(decoder(latents()), expected, atol=1e-5)


def test_it_is_loaded_as_it_was_saved(decoder: FineDecoder, tmp_path: Path) -> None:
    decoder.save(tmp_path / "fine.safetensors")
    loaded = FineDecoder.load(tmp_path / "fine.safetensors")
    assert torch.allclose(loaded(latents()), decoder.half().float()(latents()), atol=1e-5)


@pytest.mark.parametrize("content", [None, b"no tensors", {"first.weight": torch.zeros(2, 2, 3, 3)}])
def test_a_damaged_file_is_refused(content: bytes | dict | None, tmp_path: Path) -> None:
    file = tmp_path / "fine.safetensors"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        save_file(content, file)
    with pytest.raises(BadModel, match="fine decoder"):
        FineDecoder.load(file)
