"""Prompts by direction: masks of regions, and whose prompt paints what."""

import numpy as np
import pytest
import torch
from PIL import Image
from skies import pixels

from engine.errors import BadRequest
from engine.job import Job
from engine.job_parts import Region
from engine.models.loading import WarmModel
from engine.pipeline import generate
from engine.sampling.regions import RegionalDenoiser
from engine.sampling.windows import Windows
from engine.start.regions import middle, region_mask, shares


def test_region_masks_wrap():
    """A region across the seam is the same as one elsewhere, turned."""
    middle, seam = (region_mask(Region(prompt="a", azimuth=a, width=60, lowest=0), 64) for a in (90, 270))
    torch.testing.assert_close(seam, middle.roll(64, 2), atol=1e-4, rtol=0)
    weights = shares((Region(prompt="a", azimuth=200), Region(prompt="b", azimuth=230)), 128, (8, 16))
    torch.testing.assert_close(weights.sum(0), torch.ones(1, 8, 16))
    with pytest.raises(BadRequest, match="too small"):
        shares((Region(prompt="a", width=1, lowest=89.9, softness=0),), 128, (8, 16))


def test_a_region_has_a_band_of_elevations():
    mask = region_mask(Region(prompt="a", width=360, lowest=-30, highest=60, softness=10), 180)[0, :, 0]
    elevation = 90 - (torch.arange(180) + 0.5)
    assert (mask[(elevation > -25) & (elevation < 55)] == 1).all()
    assert (mask[(elevation < -35) | (elevation > 65)] == 0).all()
    assert mask[(elevation - 60).abs() < 1].mean() == pytest.approx(0.5, abs=0.02)


def test_a_painted_region_is_one_that_is_told(tmp_path):
    """Soft edges, too; across the seam."""
    told = Region(prompt="a", azimuth=270, width=80, lowest=10, softness=20)
    painted = (region_mask(told, 64)[0] * 255).round().byte().numpy()
    Image.fromarray(painted).save(tmp_path / "mask.png")
    by_mask = shares((Region(prompt="a", mask=str(tmp_path / "mask.png")),), 128, (16, 32))
    torch.testing.assert_close(by_mask, shares((told,), 128, (16, 32)), atol=1 / 255, rtol=0)


def test_the_middle_of_a_mask_is_where_a_sun_has_room(tmp_path):
    """Sky that is seen from 180 to 300 degrees above a wall, but for a tower in its middle, and in a gap far away."""
    azimuth, elevation = (torch.arange(128) + 0.5) / 128 * 360 - 90, 90 - (torch.arange(64)[:, None] + 0.5) / 64 * 180
    open_ = ((azimuth > 180) & (azimuth < 300) | (azimuth < -70)) & ((azimuth - 240).abs() > 6) | (
        (azimuth - 60).abs() < 9
    )
    seen = open_ & (elevation > 10) | (elevation > 50)
    Image.fromarray((seen * 255).byte().numpy()).save(tmp_path / "mask.png")
    region = Region(prompt="a", azimuth=10, mask=str(tmp_path / "mask.png"))
    for height in (15, 25):
        assert 10 < abs(middle(region, height) % 360 - 240) < 25, "behind the tower, or at the edge"
    assert middle(Region(prompt="a", azimuth=10), 20) == 10


def test_in_the_first_steps_a_prompt_sees_only_its_own_part(nano):
    """Bootstrapping: elsewhere it sees a flat colour under noise, and the prompt of everywhere sees all."""
    windows = Windows.layout("ring", 32, 16, 16)
    own = torch.zeros(2, 1, 16, 32)
    own[1, ..., :8] = 1
    own[0] = 1 - own[1]
    solver = nano.solver("ddim", 4, (16, 16), torch.Generator())
    seen: list[tuple[int, torch.Tensor]] = []

    def sees(number: int):
        def denoise(x, level, which):
            seen.append((number, x))
            return x

        return denoise

    denoise = RegionalDenoiser([sees(0), sees(1)], own, windows, solver, 1, torch.Generator().manual_seed(0))
    noise = torch.full((1, 4, 16, 32), 9.0)
    for level in solver.levels[:2]:
        denoise(windows.gather(noise), level, torch.arange(2))
    first, second = (x for number, x in seen if number == 1)
    assert (first[..., :8] == 9).all() and (first[..., 8:] != 9).all()
    means = first[..., 8:].mean((2, 3))
    assert first[..., 8:].std() > 0.5 * solver.levels[0].sigma and (means.abs() < 5).all()
    assert (second == 9).all(), "later steps see the canvas as it is"
    assert all((x == 9).all() for number, x in seen if number == 0)


def test_each_region_follows_its_own_prompt(nano):
    """Without overlap a window's columns are what their own prompt's denoiser says, to the last bit."""
    windows = Windows.layout("ring", 32, 16, 8)
    own = torch.zeros(2, 1, 16, 32)
    own[1, ..., 24:] = own[1, ..., :4] = 1
    own[0] = 1 - own[1]
    solver = nano.solver("ddim", 4, (16, 16), torch.Generator())
    calls = []

    def says(value: float):
        def denoise(x, level, which):
            calls.append((value, which.tolist()))
            return torch.full_like(x, value)

        return denoise

    denoise = RegionalDenoiser([says(1), says(2)], own, windows, solver, 0, torch.Generator().manual_seed(0))
    noise = torch.randn(1, 4, 16, 32)
    clean = windows.average(denoise(windows.gather(noise), solver.levels[0], torch.arange(4)))
    assert torch.equal(clean, (1 + own[1])[None].expand_as(clean))
    assert calls == [(1, [0, 1, 2, 3]), (2, [0, 2, 3])]


@pytest.mark.parametrize("sampler", ["sync", "swap", "full"])
def test_regions_change_their_own_part_most(make, sampler):
    more = {"sampler": sampler, "sync_steps": 1} if sampler == "sync" else {"sampler": sampler}
    region = {"prompt": "a calm night over snow", "azimuth": 270, "width": 60, "softness": 0}
    plain, directed = (pixels(make(n, regions=r, **more)[0].exr) for n, r in (("a", []), ("b", [region])))
    apart = np.abs(plain - directed)[16:48].mean((0, 2))  # the poles' views see all directions
    assert apart[np.r_[0:8, 120:128]].mean() > 1.5 * apart[48:80].mean()


def test_windows_that_wander_are_refused_and_not_the_default(make):
    regions = [{"prompt": "a", "azimuth": 100}]
    result, _ = make("a", regions=regions, sampler="sync", steps=8)
    assert result.job["sync_windows"] == "all" and 0 < result.job["sync_steps"] < 8
    with pytest.raises(BadRequest, match="wander"):
        make("b", regions=regions, sampler="sync", sync_windows="side-by-side")


def test_overlap_is_told_and_spot_refused(make):
    regions = [{"prompt": "a", "azimuth": 100}, {"prompt": "b", "azimuth": 120}]
    assert make("a", regions=regions)[1] == ["regions_overlap"]
    with pytest.raises(BadRequest, match="spot"):
        make("b", regions=regions, sampler="spot")


def test_bundled_model_keeps_to_its_directions(tmp_path):
    """Night or storm in one direction of a clear noon, also across the seam: dark there, bright elsewhere."""
    models, held = WarmModel(), 0
    turn = (torch.arange(512) + 0.5) / 512 * 360 - 90
    for number in range(10):
        prompt, azimuth = ("night sky, stars", "storm clouds")[number % 2], 36.0 * number
        region = {"prompt": prompt, "azimuth": azimuth, "width": 100}
        quick = {"seed": number, "width": 512, "sampler": "multidiffusion", "sun": "off"}
        job, out = Job(prompt="noon, clear sky over the sea", regions=(region,), **quick), tmp_path / f"{number}.exr"
        *_, _result = generate(job, out, models)
        columns = torch.tensor(pixels(out)[:110]).mean((0, 2))  # of the sky
        apart = ((turn - azimuth + 180) % 360 - 180).abs()
        held += bool(columns[apart < 30].mean() < 0.6 * columns[apart > 90].mean())
    assert held >= 8
