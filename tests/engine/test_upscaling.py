"""Upscalers on the sphere: seams, poles, tiles, and files that are none."""

from importlib import import_module
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from skies import pixels

from engine.errors import BadModel, BadRequest
from engine.upscaling import Upscaler, spandrel_package, with_neighbours

CPU = torch.device("cpu")


def network(channels: int = 6, convolutions: int = 2, scale: int = 2) -> torch.nn.Module:
    """An untrained upscaler of the architecture of Real-ESRGAN's small ones."""
    torch.manual_seed(3)
    compact = import_module(f"{spandrel_package().__name__}.architectures.Compact").Compact
    return compact(num_feat=channels, num_conv=convolutions, upscale=scale).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upscaler") / "upscaler.safetensors"
    save_file(network().state_dict(), path)
    return path


def panorama(height: int) -> torch.Tensor:
    return torch.rand(3, height, 2 * height, generator=torch.Generator().manual_seed(1)) * 1.6 - 0.8


def test_the_network_is_applied_as_it_is(file: Path) -> None:
    upscaler = Upscaler(file, CPU)
    picture = panorama(32)
    around = with_neighbours(picture, 8)
    with torch.no_grad():
        expected = network()((around[None] + 1) / 2)[0, :, 16:-16, 16:-16] * 2 - 1
    assert upscaler.scale == 2
    assert torch.allclose(upscaler(picture), expected.clamp(-1, 1), atol=1e-5)


def test_a_turned_sky_is_upscaled_to_the_same_sky_turned(file: Path) -> None:
    upscaler, picture = Upscaler(file, CPU), panorama(24)
    assert torch.allclose(upscaler(picture.roll(7, -1)), upscaler(picture).roll(14, -1), atol=1e-5)


def test_tiles_leave_no_trace(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upscaler, picture = Upscaler(file, CPU), panorama(48)
    whole = upscaler(picture)
    monkeypatch.setattr("engine.upscaling._TILE", 20)
    assert torch.allclose(upscaler(picture), whole, atol=1e-5)


def test_beyond_a_pole_the_other_side_comes_down(file: Path) -> None:
    picture = panorama(16)
    around = with_neighbours(picture, 4)
    assert around.shape == (3, 24, 40)
    assert torch.equal(around[:, 3, 4:-4], picture[:, 0].roll(16, -1))
    assert torch.equal(around[:, -4, 4:-4], picture[:, -1].roll(16, -1))
    assert torch.equal(around[:, 4:-4, :4], picture[..., -4:])


@pytest.mark.parametrize("case", ["missing", "pickle", "broken", "other", "denoiser"])
def test_what_is_no_upscaler_is_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / ("upscaler.pth" if case == "pickle" else "upscaler.safetensors")
    expected = {
        "missing": "does not exist",
        "pickle": "is a pickle",
        "broken": "damaged",
        "other": "no upscaler of a known architecture",
        "denoiser": "does not enlarge",
    }
    if case == "pickle":
        path.write_bytes(b"\x80\x04")
    if case == "broken":
        path.write_bytes(b"not a file of tensors")
    if case == "other":
        save_file({"some.weight": torch.zeros(3)}, path)
    if case == "denoiser":
        save_file(network(scale=1).state_dict(), path)
    with pytest.raises(BadModel, match=expected[case]):
        Upscaler(path, CPU)


def test_a_job_enlarges_with_its_upscaler(make, file: Path) -> None:
    plain, _ = make("plain", base_width=64, detail=0)
    upscaled, _ = make("upscaled", base_width=64, upscaler=str(file))
    assert upscaled.job["detail"] == 0
    first, second = pixels(plain.exr), pixels(upscaled.exr)
    assert first.shape == second.shape
    assert abs(first - second).max() > 0.01


def test_an_upscaler_without_work_is_refused(make, file: Path) -> None:
    with pytest.raises(BadRequest, match="nothing for the upscaler"):
        make("idle", base_width=128, upscaler=str(file))
