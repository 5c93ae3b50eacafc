"""SyncDiffusion's coherence term: windows go down the gradient of a perceptual distance between what they show."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..errors import GenerationFailed
from ..perceptual.distance import Distance, Features, mean_features, picked
from .chunks import Chunks
from .solver import Level

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Synchronization:
    """How windows are drawn to one look.

    distance: between two pictures. display: clean latents ``[k, C, h, w]`` to pictures ``[k, 3, H, W]`` in [0, 1],
    differentiable. anchor: index of the window that stays as it is and draws the others; None: all windows are drawn to
    *reference*, a picture ``[1, 3, H, W]`` (of several, each to the one that *nearest* ``[n]`` names), or without one
    to the mean of the features of all.
    start, steps, every: the denoising steps that are synchronized: from *start*, below *steps*, each n-th of these.
    initial_weight, decay: the paper's w and its factor per step. gradient_steps: in each synchronized step.
    decoder_below: noise level (:attr:`Level.sigma`) below which gradients do not go through the denoiser.
    gradients_in: entered while a gradient is computed, and before that while *distance* sees the anchor.
    chunks: windows per gradient.
    checkpoint: called when the memory does not suffice for one; makes it take less.
    more_precise: called when one is not finite; whether another attempt is worth it.
    """

    distance: Distance
    display: Callable[[Tensor], Tensor]
    anchor: int | None
    reference: Tensor | None = None
    nearest: Tensor | None = None
    steps: int
    start: int = 0
    every: int = 1
    initial_weight: float
    decay: float
    gradient_steps: int = 1
    decoder_below: float = 0.0
    gradients_in: Callable[[], AbstractContextManager] = nullcontext
    chunks: Chunks
    checkpoint: Callable[[], None] | None = None
    more_precise: Callable[[], bool] = lambda: False

    def weight(self, index: int) -> float:
        """w at denoising step *index*; 0 if that is not synchronized."""
        due = self.start <= index < self.steps and (index - self.start) % self.every == 0
        return self.initial_weight * self.decay**index if due else 0.0

    def synchronize(self, denoise: Callable, windows: Tensor, level: Level, index: int) -> tuple[Tensor, Tensor]:
        """Take the gradient steps of denoising step *index* at *level* on all *windows* ``[n, C, h, w]``.

        Returns the windows and their clean predictions. Raises :class:`GenerationFailed` if the step blows up.
        """
        windows = windows.clone()
        drawn, seen = self._draw(denoise, windows, level, index)
        clean = torch.empty_like(windows)
        with torch.no_grad():
            if len(drawn):
                clean[drawn] = denoise(windows[drawn], level, drawn)
            if seen is not None:
                clean[self.anchor] = seen[0]
        return windows, clean

    def move(self, denoise: Callable, windows: Tensor, level: Level, index: int) -> Tensor:
        """By how much the gradient steps of denoising step *index* move *windows* ``[n, C, h, w]``."""
        moved = windows.clone()
        self._draw(denoise, moved, level, index)
        return moved - windows

    def _draw(self, denoise: Callable, windows: Tensor, level: Level, index: int) -> tuple[Tensor, Tensor | None]:
        """Take the gradient steps on *windows* in place. Returns which, and the clean prediction of the anchor."""
        everything = torch.arange(len(windows), device=windows.device)
        drawn, seen = everything, None
        with torch.no_grad():
            if self.anchor is not None:
                drawn, anchor = everything[everything != self.anchor], everything[self.anchor, None]
                seen = denoise(windows[anchor], level, anchor)
                picture = self.display(seen)
                with self.gradients_in():
                    target = self.distance.features(picture)
            elif self.reference is not None:
                target = self._reference_features
            else:
                predictions = denoise(windows, level, everything).split(self.chunks.size)
                target = mean_features(self.distance.features(self.display(part)) for part in predictions)
        for _ in range(self.gradient_steps if len(drawn) else 0):  # the anchor may be the only window
            windows[drawn] -= self.weight(index) * self.gradient(denoise, windows[drawn], level, drawn, target)
        if not torch.isfinite(windows).all():
            raise GenerationFailed(
                f"The synchronization of step {index + 1} gave values that are not finite.",
                f"Lower the synchronization weight, which is {self.initial_weight:g}, or the weights in sync_loss.",
            )
        return drawn, seen

    @cached_property
    def _reference_features(self) -> Features:
        assert self.reference is not None
        return self.distance.features(self.reference)

    def gradient(self, denoise: Callable, windows: Tensor, level: Level, which: Tensor, target: Features) -> Tensor:
        """Gradient of each window's distance to *target*, the features of one picture, or of the references (eq. 7).

        windows: ``[k, C, h, w]``, noisy, at *level*; which: their indices ``[k]``. Returns ``[k, C, h, w]``.
        """
        if level.sigma < self.decoder_below:
            return self._decoder_gradient(denoise, windows, level, which, target)
        return self._exact_gradient(denoise, windows, level, which, target)

    def _exact_gradient(
        self, denoise: Callable, windows: Tensor, level: Level, which: Tensor, target: Features
    ) -> Tensor:
        """Through distance, decoder and denoiser, as the paper has it."""

        def loss(part: Tensor, indices: Tensor) -> Tensor:
            return self._loss(denoise(part, level, indices), target, indices)

        return self._in_chunks(loss, windows, which)

    def _decoder_gradient(
        self, denoise: Callable, windows: Tensor, level: Level, which: Tensor, target: Features
    ) -> Tensor:
        """Through distance and decoder only, as if the denoiser only scaled its input.

        That scale is measured: the first window's gradient is taken both ways, and the ratio of their lengths is used
        for all. Lengths are then about right; directions are what they are, the better the less noise there is.
        """
        with torch.no_grad():
            clean = denoise(windows, level, which)

        def loss(part: Tensor, indices: Tensor) -> Tensor:
            return self._loss(part, target, indices)

        gradient = self._in_chunks(loss, clean, which)
        exact = self._exact_gradient(denoise, windows[:1], level, which[:1], target)
        length = gradient[:1].norm()
        return gradient * (exact.norm() / length if length > 0 else 0.0)

    def _in_chunks(self, loss: Callable[[Tensor, Tensor], Tensor], rows: Tensor, which: Tensor) -> Tensor:
        def gradient(part: Tensor, indices: Tensor) -> Tensor:
            part = part.detach().requires_grad_()
            with torch.enable_grad(), self.gradients_in():
                return torch.autograd.grad(loss(part, indices), part)[0]

        result = self._each(gradient, rows, which)
        if torch.isfinite(result).all() or not self.more_precise():
            return result
        return self._each(gradient, rows, which)

    def _each(self, gradient: Callable[[Tensor, Tensor], Tensor], rows: Tensor, which: Tensor) -> Tensor:
        try:
            return self.chunks.each(gradient, rows, which)
        except torch.OutOfMemoryError:
            if self.checkpoint is None:
                raise
        log.warning("memory ran out for one window's gradient: going on with fewer activations kept")
        self.checkpoint()
        return self.chunks.each(gradient, rows, which)

    def _loss(self, clean: Tensor, target: Features, which: Tensor) -> Tensor:
        if self.nearest is not None:
            target = picked(target, self.nearest[which])
        return self.distance.between(self.distance.features(self.display(clean)), target).sum()
