"""The perceptual networks that were asked for, kept from job to job: loading VGG takes longer than a small sky."""

from collections.abc import Mapping

import torch

from ..errors import BadRequest
from ..loss_weights import LossName
from .clip_distance import ClipDistance, ClipNetwork, PromptDistance
from .distance import Distance, WeightedSum
from .lpips_distance import PerceptualDistance
from .style_distance import StyleDistance


class PerceptualLibrary:
    """Builds distances by name from networks that are loaded once."""

    def __init__(self) -> None:
        self._lpips: dict[str, PerceptualDistance] = {}
        self._clip: tuple[str, ClipNetwork] | None = None

    def distance(
        self, weights: Mapping[LossName, float], device: torch.device, prompt: str = "", clip: str | None = None
    ) -> Distance:
        """The sum of the named distances, each times its weight. clip: folder of the CLIP that some of them need.

        Raises :class:`EngineIncomplete`, or :class:`BadModel` or :class:`BadRequest` if the CLIP is none or missing.
        """
        return WeightedSum({self._get(name, device, prompt, clip): weight for name, weight in weights.items()})

    def _get(self, name: LossName, device: torch.device, prompt: str, clip: str | None) -> Distance:
        match name:
            case "lpips-vgg" | "lpips-alex":
                return self.lpips(name.removeprefix("lpips-"), device)
            case "style":
                return StyleDistance(self.lpips("vgg", device).network)
            case "clip":
                return ClipDistance(self.clip(clip, device))
            case "clip-prompt":
                return PromptDistance(self.clip(clip, device), prompt)

    def move(self, device: torch.device) -> None:
        """Move all that is kept to *device*; what is asked for is moved to where it is asked for."""
        for distance in self._lpips.values():
            distance.to(device)
        if self._clip is not None:
            self._clip[1].to(device)

    def lpips(self, network: str, device: torch.device) -> PerceptualDistance:
        """LPIPS with *network*, ``"vgg"`` or ``"alex"``. Raises :class:`EngineIncomplete`."""
        if network not in self._lpips:
            self._lpips[network] = PerceptualDistance(network)
        return self._lpips[network].to(device)

    def clip(self, folder: str | None, device: torch.device) -> ClipNetwork:
        """The CLIP in *folder*. Raises :class:`BadModel` if it cannot be used, :class:`BadRequest` if none is named."""
        if folder is None:
            raise BadRequest("There is no CLIP to compare with.", "Name its folder as clip.")
        if self._clip is None or self._clip[0] != folder:
            self._clip = (folder, ClipNetwork(folder))
        return self._clip[1].to(device)
