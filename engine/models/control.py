"""ControlNets (2302.05543): a second network that reads a picture, such as a depth map, and steers the first by it."""

from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, FluxControlNetModel, SD3ControlNetModel
from torch import Tensor

from ..devices import network_layout
from ..errors import BadModel
from .folder import check_part

# What has to be the same for a ControlNet's residuals to fit a network's: its shape, and what it is told.
_TOKENS = ("in_channels", "num_attention_heads", "attention_head_dim", "joint_attention_dim", "pooled_projection_dim")
_SHARED = {
    ControlNetModel: (
        "in_channels",
        "block_out_channels",
        "down_block_types",
        "layers_per_block",
        "cross_attention_dim",
        "addition_embed_type",
        "projection_class_embeddings_input_dim",
    ),
    SD3ControlNetModel: (*_TOKENS, "patch_size"),
    FluxControlNetModel: (*_TOKENS, "axes_dims_rope"),
}
# Settings of ControlNets that read something else than a picture's latents, and what that is.
_UNREAD = {
    "num_mode": "is a union, which has to be told what kind of picture it reads",
    "extra_conditioning_channels": "reads a mask, too",
    "conditioning_embedding_channels": "reads pixels, not latents",
}


def load_control(folder: str, kind: Any, network: Any, device: torch.device) -> Any:
    """The ControlNet in *folder*, in diffusers layout, of diffusers' class *kind*, for *network*.

    Raises :class:`BadModel` if it is missing or damaged, made for another family, or reads something
    else than a picture's latents.
    """
    path = Path(folder).expanduser()
    if not (path / "config.json").is_file():
        raise BadModel(
            f"There is no ControlNet in {path}.", "Choose a folder in diffusers layout, with a config.json and weights."
        )
    control = _load(path, kind)
    for name in _SHARED[kind]:
        own, wanted = (_plain(getattr(part.config, name, None)) for part in (control, network))
        if name == "joint_attention_dim" and own is None:  # those for SD 3.5 Large read no text
            continue
        if own != wanted:
            raise _stranger(path, name, own, wanted)
    for name, needs in _UNREAD.items():
        if control.config.get(name):
            raise BadModel(
                f"The ControlNet in {path} {needs}.", "Choose one that reads the latents of one kind of picture."
            )
    return control.to(device, memory_format=network_layout(device)).eval().requires_grad_(False)


def _load(path: Path, kind: Any) -> Any:
    half = check_part(path)
    try:
        made = kind.load_config(path, local_files_only=True).get("_class_name", kind.__name__)
        if made == kind.__name__:
            return kind.from_pretrained(
                path,
                use_safetensors=True,
                local_files_only=True,
                torch_dtype=torch.float32,
                variant="fp16" if half else None,
            )
    except Exception as error:  # whatever diffusers raises for a folder that it cannot read
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BadModel(f"The ControlNet in {path} cannot be loaded: {reason}", "Download it again.") from error
    raise _stranger(path, "class", made, kind.__name__)


def _stranger(path: Path, name: str, own: Any, wanted: Any) -> BadModel:
    return BadModel(
        f"The ControlNet in {path} was made for another family of models: its {name} is {own}, the model's {wanted}.",
        "Choose one that was made for this kind of model.",
    )


def residuals(
    control: Any, x: Tensor, timestep: Tensor, text: Tensor, inputs: dict[str, Tensor], **more: Any
) -> dict[str, Any]:
    """What a UNet is to add where, as its call has it; nothing if *inputs* have no picture to follow.

    inputs: ``control``, pictures ``[k, 3, H, W]`` in [0, 1], and ``control_scale``, ``[k, 1, 1, 1]``.
    """
    if "control" not in inputs:
        return {}
    down, middle = control(
        x,
        timestep,
        encoder_hidden_states=text,
        controlnet_cond=inputs["control"],
        conditioning_scale=inputs["control_scale"],
        return_dict=False,
        **more,
    )
    return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value
