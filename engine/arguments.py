"""The command line's words for a job, shared by ``python -m engine`` and ``blender --command skyloom``.

Standard library only: Blender's side parses them too.
"""

import argparse
from dataclasses import fields
from typing import Any, NoReturn, get_args

from .errors import BadRequest
from .job import BUNDLED_MODEL, Job, Sampler, SolverName, WindowLayout


class Parser(argparse.ArgumentParser):
    """Raises :class:`BadRequest` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}.", f"See `{self.prog} --help`.")


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option per field of :class:`Job` except the prompt. Options that are not given stay unset."""
    unset: dict[str, Any] = {"default": argparse.SUPPRESS}
    look = parser.add_argument_group("what to make")
    look.add_argument("--negative", metavar="TEXT", help="what should not be there", **unset)
    look.add_argument("--seed", type=int, help="the same seed gives the same picture (default: random)", **unset)
    look.add_argument("--width", type=int, metavar="PIXELS", help="width; the height is half of it", **unset)
    look.add_argument("--steps", type=int, help="denoising steps", **unset)
    look.add_argument(
        "--guidance", type=float, help="how closely to follow the prompt; 1 switches guidance off", **unset
    )
    look.add_argument("--solver", choices=get_args(SolverName), help="how a step is taken (default: ddim)", **unset)
    look.add_argument(
        "--model",
        metavar="PATH",
        help=f"a Stable Diffusion folder in diffusers layout (default: {BUNDLED_MODEL})",
        **unset,
    )
    look.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps (default: auto)", **unset)
    sync = parser.add_argument_group("coherence")
    sync.add_argument("--sampler", choices=get_args(Sampler), help="joint diffusion method (default: sync)", **unset)
    sync.add_argument("--sync-steps", type=int, metavar="N", help="synchronize the first N steps", **unset)
    sync.add_argument("--sync-weight", type=float, metavar="W", help="gradient weight w (default: 20)", **unset)
    sync.add_argument("--sync-decay", type=float, metavar="D", help="factor on w per step (default: 0.95)", **unset)
    sync.add_argument("--stride", type=int, metavar="N", help="latent columns between windows", **unset)
    research = parser.add_argument_group("research")
    research.add_argument("--window", type=int, metavar="N", help="latent columns of a window", **unset)
    research.add_argument("--windows", choices=get_args(WindowLayout), help="window layout (default: ring)", **unset)
    research.add_argument(
        "--noise", metavar="FILE", help="start from the tensor 'noise' of this safetensors file", **unset
    )


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of a :class:`Job` that were set on the command line."""
    names = {field.name for field in fields(Job)}
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}
