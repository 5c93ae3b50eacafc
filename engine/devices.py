"""Where the computing is done: chosen by itself, or forced by the job."""

import torch

from .errors import BadRequest


def choose_device(name: str) -> torch.device:
    """The device *name*; ``"auto"`` is CUDA (or ROCm), else Apple's MPS, else the CPU.

    Raises :class:`BadRequest` if the machine has no such device.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    if name == "auto":
        return torch.device(available[0])
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise BadRequest(f"The device '{name}' is unknown.", f"Here are {', '.join(available)}.") from error
    if device.type not in available or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise BadRequest(f"The device '{name}' is not available.", f"Here are {', '.join(available)}.")
    return device


def network_layout(device: torch.device) -> torch.memory_format:
    """How the weights of a denoising network lie best on *device*.

    Tensor cores want channels last, as do autoencoders everywhere. On a CPU the wide layers of such networks take a
    tenth to a fifth longer that way (docs/benchmarks.md).
    """
    return torch.contiguous_format if device.type == "cpu" else torch.channels_last
