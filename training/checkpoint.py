"""Checkpoints without pickles: weights, their moving average and Adam's moments in safetensors, the rest in JSON."""

import copy
import json
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


class Trainee:
    """A module in training: optimizer, moving average of its weights, step and time used so far.

    Made from a folder that holds a checkpoint, it goes on from there.
    """

    def __init__(self, module: nn.Module, folder: Path, rate: float, minutes: float, average: float) -> None:
        self.module, self.minutes = module, minutes
        self.averaged = copy.deepcopy(module).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(module.parameters(), rate, betas=(0.9, 0.99), weight_decay=1e-3)
        self.step, self._used, self._rate, self._average = 0, 0.0, rate, average
        self._told: dict[str, list[float]] = {}
        self._weights, self._state, self._curve = (
            folder / name for name in ("weights.safetensors", "state.json", "curve.jsonl")
        )
        folder.mkdir(parents=True, exist_ok=True)
        if self._state.exists():
            self._load()
        self._started = self._saved = time.monotonic()

    @property
    def progress(self) -> float:
        """Share of the stage's minutes used, by this run and those before it; 1 or more when done."""
        return (self._used + time.monotonic() - self._started) / 60 / self.minutes

    @property
    def minutes_since_saved(self) -> float:
        return (time.monotonic() - self._saved) / 60

    def update(self, loss: Tensor, share_of_rate: float) -> None:
        """One optimizer step with *share_of_rate* of the full learning rate after a short warm-up; then the average."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate * share_of_rate * min(1.0, (self.step + 1) / 120)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        keep = min(self._average, self.step / (self.step + 15))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.module.parameters()), 1 - keep)

    def tell(self, every: int, **values: float) -> None:
        """Record the means of *values* over the last steps each *every* steps."""
        for name, value in values.items():
            self._told.setdefault(name, []).append(value)
        if self.step % every == 0:
            self.record(**{name: sum(some) / len(some) for name, some in self._told.items()})
            self._told = {}

    def record(self, **values: float) -> None:
        """Append a point to the stage's curve and say it."""
        point = {"step": self.step, "minutes": round(self.progress * self.minutes, 3)} | values
        with open(self._curve, "a", encoding="utf-8") as file:
            file.write(json.dumps(point) + "\n")
        print(", ".join(f"{name} {value:.4g}" for name, value in point.items()), flush=True)

    def save(self) -> None:
        tensors = {f"module.{name}": value for name, value in self.module.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.averaged.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{name}": moments[name] for name in _MOMENTS}
        part = self._weights.with_suffix(".part")
        save_file({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, part)
        part.replace(self._weights)
        state = {"step": self.step, "seconds": self.progress * self.minutes * 60}
        self._state.write_text(json.dumps(state), encoding="utf-8")
        self._saved = time.monotonic()

    def _load(self) -> None:
        state = json.loads(self._state.read_text(encoding="utf-8"))
        self.step, self._used = state["step"], state["seconds"]
        tensors = load_file(self._weights)
        self.module.load_state_dict(_under("module.", tensors))
        self.averaged.load_state_dict(_under("average.", tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in _under("adam.", tensors).items():
            index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": moments})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
