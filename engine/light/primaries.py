"""Other colour spaces than the engine's own, scene-linear Rec.709, as an EXR's header names them."""

import torch
from torch import Tensor

# x, y of red, green, blue and white: ITU-R BT.709 with D65.
REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def to_rec709(chromaticities: tuple[float, ...]) -> Tensor:
    """The matrix ``[3, 3]`` from linear colours of these *chromaticities* (eight numbers, as :data:`REC709`).

    White stays white (Bradford's chromatic adaptation, as in ICC.1:2022, annex E).
    """
    source, own = _to_xyz(chromaticities), _to_xyz(REC709)
    cones = torch.tensor(_BRADFORD, dtype=torch.float64)
    ones = torch.ones(3, dtype=torch.float64)
    adapted = torch.linalg.inv(cones) @ torch.diag((cones @ own @ ones) / (cones @ source @ ones)) @ cones
    return (torch.linalg.inv(own) @ adapted @ source).float()


def _to_xyz(chromaticities: tuple[float, ...]) -> Tensor:
    """Linear colours to CIE XYZ, white of luminance 1 (SMPTE RP 177)."""
    x, y = torch.tensor(chromaticities, dtype=torch.float64).view(4, 2).unbind(1)
    columns = torch.stack([x / y, torch.ones_like(x), (1 - x - y) / y])
    return columns[:, :3] * torch.linalg.solve(columns[:, :3], columns[:, 3])
