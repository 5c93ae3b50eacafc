"""A sky alone: a ground of plausible brightness, a fade or a mirror below the horizon; and what cannot be asked for."""

import math

import pytest
import torch

from engine.arguments import Parser, add_job_arguments, given
from engine.errors import BadRequest
from engine.job import Job
from engine.job_parts import SkyOnly
from engine.light.photometry import level_irradiance
from engine.light.stage import light_panorama
from engine.sphere.equirectangular import direction, directions


@pytest.fixture
def sky() -> torch.Tensor:
    """A blue sky, darker towards the horizon, with a white spot at azimuth 100, 30 degrees high, over a red ground."""
    towards = directions(64)
    angle = torch.rad2deg(torch.acos(torch.tensordot(direction(100, 30), towards, dims=1).clamp(-1, 1)))
    picture = torch.tensor([0.1, 0.2, 0.4])[:, None, None] * (0.5 + towards[2])
    picture = torch.maximum(picture, (2 * torch.exp(-angle / 3)).expand(3, -1, -1))
    return torch.where(towards[2] > 0, picture, torch.tensor([0.5, 0, 0])[:, None, None]).clamp(0, 1)


def lit(sky: torch.Tensor, sun: str = "auto", **ground) -> torch.Tensor:
    return light_panorama(sky, Job(prompt="a", sun=sun, sky_only=ground), clips=True).radiance


def test_ground_is_as_bright_as_its_colour_under_the_sky(sky):
    """Albedo times irradiance over pi, the sun's included; the sky itself stays."""
    plain = light_panorama(sky, Job(prompt="a"), clips=True)
    assert plain.light.kind == "sun"
    made = lit(sky, colour=(0.5, 0.3, 0.1), fade=0)
    assert torch.equal(made[:, :32], plain.radiance[:, :32])
    expected = level_irradiance(plain.radiance) / math.pi * torch.tensor([0.5, 0.3, 0.1])
    torch.testing.assert_close(made[:, 32:], expected[:, None, None].expand(3, 32, 128))
    torch.testing.assert_close(torch.tensor(plain.light.white) * torch.tensor([0.5, 0.3, 0.1]), expected)


def test_horizon_fades_into_the_ground(sky):
    made = lit(sky, sun="off", colour=(0, 0, 0), fade=45)
    torch.testing.assert_close(made[:, 32], made[:, 31], rtol=0.1, atol=0)
    assert (made[:, 32:48].diff(dim=1) < 0).all()
    assert made[:, 49:].abs().max() == 0


def test_mirror_shows_the_sky_and_no_second_sun(sky):
    made = lit(sky, sun="off", mirror=1)
    assert torch.equal(made[:, 32:], made[:, :32].flip(1))
    clear_air = Job(prompt="a", turbidity=3.5, sky_only={"mirror": 1})
    with_sun = light_panorama(sky, clear_air, clips=True).radiance
    assert with_sun[:, :32].max() > 1000 and with_sun[:, 32:].max() < 200


def test_exposure_counts_for_the_ground_too(sky):
    ground = {"colour": [1, 1, 1], "fade": 0}
    exposed = light_panorama(sky, Job(prompt="a", exposure=1, sky_only=ground), clips=True)
    luminance = (exposed.radiance[:, -1, 0] * torch.tensor([0.2126, 0.7152, 0.0722])).sum().item()
    assert luminance == pytest.approx(2.0, rel=1e-3)


def test_a_job_with_a_ground_goes_through_json():
    job = Job(prompt="a", sky_only=True)
    assert job.sky_only == SkyOnly() and Job.from_json(job.to_json()) == job
    assert Job(prompt="a").sky_only is None
    job = Job(prompt="a", sky_only={"colour": [0.3, 0.25, 0.2], "fade": 10})
    assert Job.from_json(job.to_json()) == job


@pytest.mark.parametrize(
    ("words", "ground"),
    [
        (["--sky-only"], SkyOnly()),
        (["--sky-only", "mirror=1"], SkyOnly(mirror=1)),
        (["--sky-only", "colour=0.3/0.25/0.2,fade=10"], SkyOnly(colour=(0.3, 0.25, 0.2), fade=10)),
    ],
)
def test_command_line(words, ground):
    parser = Parser()
    add_job_arguments(parser)
    assert Job.from_dict({"prompt": "a"} | given(parser.parse_args(words))).sky_only == ground


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sky_only": {"colour": [0.3, 2, 0.2]}}, "three numbers from 0 to 1"),
        ({"sky_only": {"colour": "red"}}, "must be a list"),
        ({"sky_only": {"color": [0.3, 0.2, 0.2]}}, "Did you mean colour"),
        ({"sky_only": {"mirror": 2}}, "mirror is 2"),
        ({"sky_only": "grey"}, "must be a JSON object"),
        ({"sky_only": True, "start": "sky.exr", "mask": "mask.png"}, "outside of what is edited"),
    ],
)
def test_what_cannot_be_is_refused(values, says):
    with pytest.raises(BadRequest, match=says):
        Job(prompt="a", **values)
