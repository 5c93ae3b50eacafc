"""What all diffusion models have in common: parts in a folder, a network, a noise schedule, and default settings."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from ..devices import network_layout
from ..errors import BadModel
from ..job_parts import LayoutWord
from ..light.transfer import Transfer, transfer
from ..precision import Precision
from ..sampling.chunks import Chunks
from ..sampling.solver import Solver, SolverName, fitting_solvers, is_few_step
from .adapters import merge_loras, teach_words
from .control import load_control
from .denoiser import TO_CLEAN, Conditioning, GuidedDenoiser, Inputs, NetworkCall
from .folder import ModelFolder
from .single_file import load_single_file

Guidance = Literal["classifier-free", "embedded", "none"]
Gather = Callable[[NetworkCall, Tensor, Tensor, Inputs], Tensor]  # makes a call for somebody, perhaps for others too

_DETAIL = 0.35


class Model(ABC):
    """One loaded model: a prompt to conditioning, noise to clean windows, these to pictures.

    A window is what the network sees at once: latents, or pixels themselves.

    factor: pixels per latent. channels: of the latents. multiple: latent sizes must be multiples of it. native_height:
    pixels, what the model was trained on. transfer: what its picture values mean. scheduler_config: its noise schedule.
    solvers: those that fit it, its own first. steps, guidance: what suits it by default. detail: which share of the
    denoising suits it where a sky is enlarged. billows: by how many pixels its clouds are displaced there, for want of
    edges. upscaler: the file of one that was taught on the same skies, if there is one. layout: what its skies begin
    with if the prompt stands alone. vocabulary: the words it was taught, if that is known. guidance_kind: how it
    follows a prompt: called with and without it, told the scale, or not at all.
    """

    pipeline_class: ClassVar[Any]  # of diffusers, which knows how to put the folder's parts together
    without: ClassVar[dict[str, Any]] = {}  # its optional parts that are not loaded
    needs: ClassVar[tuple[str, ...]]  # its parts that cannot be left out
    optional: ClassVar[tuple[str, ...]] = ()  # its parts that are loaded if they are there
    network_part: ClassVar[str] = "unet"
    reads_text: ClassVar[bool] = True
    half: ClassVar[torch.dtype] = torch.float16  # the 16-bit type that suits its network
    control_class: ClassVar[Any] = None  # of diffusers: the ControlNets that can steer its network, if any can
    goes_round: ClassVar[bool] = True  # whether the network can see a ring as one, which takes convolutions

    factor: int
    guidance_kind: Guidance = "classifier-free"
    default_steps: int = 50
    default_guidance: float = 7.5

    def __init__(self, folder: ModelFolder, device: torch.device) -> None:
        """Load *folder* in float32 onto *device*. Raises :class:`BadModel` if its parts do not make a model."""
        self.device = device
        self.control: Any = None
        self._gather: Gather | None = None
        self._pipeline = self._load(folder)
        self._network: Any = getattr(self._pipeline, self.network_part).to(memory_format=network_layout(device))
        scheduler = type(self._pipeline.scheduler).__name__
        self.scheduler_config: dict[str, Any] = dict(self._pipeline.scheduler.config)
        self.solvers: tuple[SolverName, ...] = fitting_solvers(scheduler, self.scheduler_config)
        flows = "flow-euler" in self.solvers
        self._prediction: str = "flow" if flows else self.scheduler_config.get("prediction_type", "epsilon")
        if self._prediction not in TO_CLEAN:
            raise BadModel(
                f"The model in {folder.path} predicts '{self._prediction}', which is unknown.",
                f"Known: {', '.join(TO_CLEAN)}.",
            )
        if is_few_step(scheduler, self.scheduler_config):
            self.default_steps, self.default_guidance = 4, 1.0
        self.channels: int = self._network.config.in_channels
        self._prepare()
        self.native_height: int = folder.card.get("native_height", self.trained_size * self.factor)
        self.transfer: Transfer = transfer(folder.card.get("transfer", "srgb"))
        self.steps: int = folder.card.get("steps", self.default_steps)
        self.guidance: float = folder.card.get("guidance", self.default_guidance)
        self.detail: float = folder.card.get("detail", _DETAIL)
        self.billows: float = folder.card.get("billows", 0.0)
        self.layout: LayoutWord | None = folder.card.get("layout")
        named = folder.card.get("upscaler")
        self.upscaler: Path | None = folder.path / named if named else None
        self.vocabulary: list[str] = folder.card.get("vocabulary", [])

    def move(self, device: torch.device) -> None:
        """Move the weights to *device*; :attr:`device` stays what the model was loaded for."""
        if next(self._network.parameters()).device.type != device.type:
            self._pipeline.to(device)
            if self.control is not None:
                self.control.to(device)

    def adapt(self, loras: Sequence[tuple[str, float]], embeddings: Sequence[str]) -> None:
        """Add LoRAs, files with their scales, and textual inversion files, for good. Raises :class:`BadModel`."""
        merge_loras(self._pipeline, loras)
        teach_words(self._pipeline, embeddings)
        _freeze(self._pipeline)

    def follow(self, folder: str) -> None:
        """Load the ControlNet in *folder*, for good. Raises :class:`BadModel` if it does not fit."""
        if self.control_class is None:
            raise BadModel(
                f"A {type(self._pipeline).__name__} follows no ControlNet here.",
                "Choose a Stable Diffusion or Flux model, or leave the ControlNet out.",
            )
        self.control = load_control(folder, self.control_class, self._network, self.device)

    def _load(self, folder: ModelFolder) -> Any:
        if missing := [part for part in self.needs if part not in folder.parts]:
            raise BadModel(
                f"The model in {folder.path} has no {' and no '.join(missing)}, without which it cannot paint.",
                "Download the whole model.",
            )
        options = self.without | {part: None for part in self.optional if part not in folder.parts}
        options |= {"dtype": torch.float32}
        try:
            if folder.settings:
                pipeline = load_single_file(self.pipeline_class, folder.path, folder.settings, **options)
            else:
                pipeline = self.pipeline_class.from_pretrained(
                    folder.path, variant=folder.variant, use_safetensors=True, local_files_only=True, **options
                )
            pipeline.to(self.device)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever diffusers and transformers raise for a folder that they cannot read
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise BadModel(f"The model in {folder.path} cannot be loaded: {reason}", "Download it again.") from error
        _freeze(pipeline)
        return pipeline

    @abstractmethod
    def _prepare(self) -> None:
        """Set what depends on the loaded parts: the factor, and what differs from the usual."""

    @property
    def trained_size(self) -> int:
        """Latents a side of the pictures that it was trained on."""
        size = self._network.config.sample_size
        return size if isinstance(size, int) else min(size)

    @property
    def largest_window(self) -> int | None:
        """The most latents a side that the network can see, if it has such a limit."""
        return None

    @property
    def multiple(self) -> int:
        """What sizes in latents must be a multiple of."""
        return 2 ** (len(self._network.config.block_out_channels) - 1)  # a UNet halves that often

    @property
    @abstractmethod
    def decoder_channels(self) -> int:
        """Widest activation at the picture's full resolution, which decides the memory of a decode."""

    def overflow(self, text: str) -> str:
        """The end of *text* that no text encoder sees, empty if it is seen whole."""
        return ""

    @abstractmethod
    def condition(self, prompt: str, negative: str, guidance: float) -> Conditioning:
        """Encode one prompt for all windows."""

    @abstractmethod
    def _call_network(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        """The network's output for ``x`` ``[k, C, h, w]``, same shape."""

    def denoiser(
        self,
        conditioning: Conditioning,
        wraps: bool = False,
        chunks: Chunks | None = None,
        precision: Precision | None = None,
    ) -> GuidedDenoiser:
        """What denoises windows, see :class:`GuidedDenoiser`."""
        call = partial(self._gather, self._call_network) if self._gather else self._call_network
        prediction, ready = self._prediction, self._ready(conditioning)
        return GuidedDenoiser(self._network, call, prediction, ready, wraps, chunks, precision)

    def _ready(self, conditioning: Conditioning) -> Conditioning:
        """*conditioning* as the network reads it, for what need not be done again at every step."""
        return conditioning

    @contextmanager
    def gathering(self, gather: Gather) -> Iterator[None]:
        """Denoisers that are made inside have *gather* call the network."""
        self._gather = gather
        try:
            yield
        finally:
            self._gather = None

    @property
    def network_channels(self) -> int:
        """Width of the network's first activations per latent pixel, which decides the memory of a call."""
        return self._network.config.block_out_channels[0]

    def checkpoint(self, on: bool) -> None:
        """Whether a gradient keeps few activations and computes the others again (1604.06174)."""
        for part in self._differentiated:
            if on and hasattr(part, "enable_gradient_checkpointing"):
                part.enable_gradient_checkpointing()
            elif hasattr(part, "disable_gradient_checkpointing"):
                part.disable_gradient_checkpointing()

    @property
    def _differentiated(self) -> tuple[Any, ...]:
        """The parts through which synchronization's gradients go."""
        return (self._network,)

    def solver(self, name: SolverName, steps: int, window: tuple[int, int], generator: torch.Generator) -> Solver:
        """The solver *name* for windows of *window* latent rows and columns; see :class:`Solver`."""
        return Solver(name, self.scheduler_config, steps, self.device, generator)

    @property
    def decodes_in_tiles(self) -> bool:
        """Whether :meth:`decode` can work in tiles."""
        return False

    @abstractmethod
    def decode(self, latents: Tensor, wraps: bool, tiles: bool = False) -> Tensor:
        """Latents ``[k, C, h, w]`` to picture values ``[k, 3, H, W]`` in about [-1, 1].

        wraps: as a ring. tiles: one panorama, a tile at a time: the same picture without a gradient, in less memory.
        """

    @property
    def paint_scale(self) -> int:
        """How many times as large as :meth:`decode`'s are the pictures of :meth:`paint`."""
        return 1

    def paint(self, latents: Tensor, wraps: bool, tiles: bool = False) -> Tensor:
        """As :meth:`decode`, for the picture that is kept: as fine as the model can, and perhaps larger."""
        return self.decode(latents, wraps, tiles)

    def finish(self, picture: Tensor, wraps: bool) -> Tensor:
        """The picture ``[3, H, W]`` that was painted, whole or window by window, without what a decoder's blocks leave;
        may be changed in place. *wraps*: as a ring."""
        return picture

    @abstractmethod
    def encode(self, picture: Tensor, wraps: bool) -> Tensor:
        """Picture values ``[k, 3, H, W]`` in [-1, 1] to latents ``[k, C, h, w]``: the likeliest; *wraps*: as a ring."""

    def display(self, latents: Tensor) -> Tensor:
        """Latents of windows ``[k, C, h, w]`` to pictures ``[k, 3, H, W]`` as a viewer sees them; differentiable."""
        return self.transfer.to_display(self.decode(latents, wraps=False))


def _freeze(pipeline: Any) -> None:
    for part in pipeline.components.values():
        if isinstance(part, nn.Module):
            part.eval().requires_grad_(False)
