"""A ring decodes as a ring: exactly, without a seam."""

import pytest
import torch
from torch import nn

from engine.metrics import seam_ratio
from engine.models import tiled_decode
from engine.models.circular import circular_width


def test_convolutions_wrap_and_recover():
    layer = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 5, padding=2), nn.Conv2d(3, 3, 1))
    picture = torch.randn(1, 3, 8, 12)
    plain = layer(picture)
    with circular_width(layer):
        wrapped = layer(picture)
        torch.testing.assert_close(layer(picture.roll(5, 3)), wrapped.roll(5, 3), atol=1e-5, rtol=0)
    assert wrapped.shape == plain.shape
    torch.testing.assert_close(wrapped[..., 3:-3], plain[..., 3:-3], atol=1e-5, rtol=0)
    torch.testing.assert_close(layer(picture), plain)


def test_rolled_latents_decode_to_a_rolled_picture(nano):
    latents = torch.randn(1, 4, 16, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        straight, rolled = nano.decode(latents, wraps=True), nano.decode(latents.roll(5, 3), wraps=True)
    torch.testing.assert_close(rolled, straight.roll(5 * nano.factor, 3), atol=1e-4, rtol=0)


def test_seam_ratio_sees_a_seam():
    ramp = torch.linspace(0, 1, 64).expand(3, 32, 64)
    noise = torch.rand(3, 256, 64, generator=torch.Generator().manual_seed(1))
    assert seam_ratio(ramp) > 10
    assert 0.9 < seam_ratio(noise) < 1.1


@pytest.mark.parametrize("wraps", [True, False], ids=["ring", "strip"])
@pytest.mark.parametrize("tile_bytes", [1, 2**16])
def test_tiles_are_the_whole_picture(exact, monkeypatch, wraps, tile_bytes):
    """Tiles of two columns, and of some that do not divide the width; statistics are those of the whole."""
    monkeypatch.setattr(tiled_decode, "_TILE_BYTES", tile_bytes)
    latents = torch.randn(1, 4, 8, 22, generator=torch.Generator().manual_seed(1)).double()
    latents[..., :5] *= 4  # tiles that are unlike
    with torch.no_grad():
        whole, tiles = (exact.decode(latents, wraps, tiles) for tiles in (False, True))
    torch.testing.assert_close(tiles, whole, atol=1e-5, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(exact.decode(latents, wraps), whole)  # nothing is left behind
