"""A sky alone: what is below the horizon, replaced by a ground of one colour or by the sky's mirror image."""

import torch
from torch import Tensor

from ..job_parts import SkyOnly

_FADE_POWER = 3.0  # so that the bright sky's last rest goes gently


def lay_ground(radiance: Tensor, mirrored: Tensor, white: Tensor, ground: SkyOnly) -> Tensor:
    """The panorama ``[3, H, 2 H]`` with *ground* below the horizon, as Blender's sliders lay it (scene/horizon.py).

    The horizon's colours go on downwards and pass into a matte ground, whose radiance is its colour times that of a
    *white* card ``[3]`` under the sky. mirrored: the sky that the mirror shows, which leaves out a sun that was put
    there: light comes from above.
    """
    height = radiance.shape[1]
    row = torch.arange(height // 2, device=radiance.device)
    seen = (row * ground.mirror).round().long()  # rows above the horizon's; without a mirror it is that one for all
    below = mirrored[:, height // 2 - 1 - seen]
    depth = (row + 0.5) * (180 / height)
    left = (1 - depth / max(ground.fade, 1e-4)).clamp(min=0).pow(_FADE_POWER)
    share = (1 - left) * (1 - ground.mirror)
    matte = white * white.new_tensor(ground.colour)
    below = torch.lerp(below, matte[:, None, None].expand_as(below), share[:, None])
    return torch.cat([radiance[:, : height // 2], below], 1)
