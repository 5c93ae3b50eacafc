"""What flow-matching transformers have in common: a velocity, and steps shifted by the window's size."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from ..sampling.solver import Solver, SolverName
from .denoiser import Conditioning, Inputs
from .latent_diffusion import LatentDiffusion


class FlowTransformer(LatentDiffusion):
    """Rectified flow (2209.03003) in latents of 16 channels, seen as patches of 2 x 2 (2403.03206)."""

    network_part = "transformer"
    goes_round = False  # positions are counted from the window's corner
    patch: ClassVar[int] = 2
    half = torch.bfloat16  # trained in it; activations leave the range of float16
    default_steps = 28

    @property
    def multiple(self) -> int:
        return self.patch

    @property
    def network_channels(self) -> int:
        return self._network.inner_dim // self.patch**2

    def solver(self, name: SolverName, steps: int, window: tuple[int, int], generator: torch.Generator) -> Solver:
        tokens = window[0] * window[1] // self.patch**2
        spacing = self._spacing(steps, tokens)
        return Solver(name, self.scheduler_config, steps, self.device, generator, **spacing)

    def _spacing(self, steps: int, tokens: int) -> dict[str, Any]:
        """What places the steps for windows of *tokens* patches: larger ones need more noise to hide as much."""
        config = self.scheduler_config
        if not config.get("use_dynamic_shifting"):
            return {}
        least, most = config["base_image_seq_len"], config["max_image_seq_len"]
        slope = (config["max_shift"] - config["base_shift"]) / (most - least)
        return {"mu": config["base_shift"] + slope * (tokens - least)}

    def _ready(self, conditioning: Conditioning) -> Conditioning:
        """ControlNets of these families read pictures as latents: each window's is encoded once."""
        if "control" not in conditioning.positive:
            return conditioning
        return conditioning.once_each("control", self._encode_control)

    def _encode_control(self, picture: Tensor) -> Tensor:
        """Control pictures ``[k, 3, H, W]`` in [0, 1] to the latents that the ControlNet reads."""
        return self.encode(picture * 2 - 1, wraps=False)

    def _residuals(self, inputs: Inputs, read: Tensor, **told: Any) -> Any:
        """What the ControlNet adds after the network's blocks, as it returns that.

        read: ``inputs["control"]`` in the layout of the network's tokens. told: what the network is told, too.
        """
        scale = inputs["control_scale"].flatten(1)[:, None]  # [k, 1, 1]: residuals are tokens
        return self.control(controlnet_cond=read, conditioning_scale=scale, return_dict=False, **told)
