"""Checks of single values in a job. Each raises :class:`BadRequest` and says what was wrong with what.

Some also bring a value into its proper form; what belongs to a frozen object is then set anew. Standard library only.
"""

from typing import Any

from .errors import BadRequest


def clean_text(name: str, value: Any) -> str:
    """*value* on one line: what cannot be printed and runs of white space become one space."""
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be text, not {type(value).__name__}.")
    return " ".join("".join(c if c.isprintable() or c == "\u200d" else " " for c in value).split())


def text(name: str, value: Any) -> None:
    """A text that says something, such as a path."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise BadRequest(f"{name} must be a text that is not empty, not {value!r}.")


def sequence(name: str, value: Any) -> tuple[Any, ...]:
    """A list, as JSON has it, made a tuple."""
    if not isinstance(value, list | tuple):
        raise BadRequest(f"{name} must be a list, not {value!r}.")
    return tuple(value)


def loras(value: Any) -> tuple[tuple[str, float], ...]:
    """Pairs of a file, or a name of the catalogue, and its scale."""
    pairs = sequence("loras", value)
    for lora in pairs:
        if not isinstance(lora, list | tuple) or len(lora) != 2:
            raise BadRequest(
                f"loras holds {lora!r}.", 'Each is a file and its scale, such as ["clouds.safetensors", 1].'
            )
        file, scale = lora
        text("loras", file)
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not -10 <= scale <= 10:
            raise BadRequest(f"The scale of the LoRA {file} is {scale!r}.", "It must be a number between -10 and 10.")
    return tuple((file, float(scale)) for file, scale in pairs)


def integer(name: str, value: Any, least: int, most: int | None = None) -> None:
    """A whole number from *least* to *most*, None allowed."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"{name} must be a whole number, not {value!r}.")
    if value < least or (most is not None and value > most):
        span = f"at least {least}" if most is None else f"between {least} and {most}"
        raise BadRequest(f"{name} is {value}.", f"It must be {span}.")


def number(owner: Any, name: str, least: float, most: float) -> None:
    """Check the number *name* of *owner*, None allowed, and make it a float."""
    value = getattr(owner, name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequest(f"{name} must be a number, not {value!r}.")
    if not least <= value <= most:  # compared first: a whole number can be too large for a float
        raise BadRequest(f"{name} is {value}.", f"It must be between {least:g} and {most:g}.")
    object.__setattr__(owner, name, float(value))


def not_none(owner: Any, *names: str) -> None:
    """Check that the numbers *names* of *owner*, which have no default of a model's, are there."""
    for name in names:
        if getattr(owner, name) is None:
            raise BadRequest(f"{name} must be a number, not None.")


def colour(name: str, value: Any) -> tuple[float, ...]:
    """Red, green and blue as shares of the light that comes back, so from 0 to 1."""
    channels = sequence(name, value)
    numbers = [c for c in channels if isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1]
    if len(channels) != 3 or len(numbers) != 3:
        raise BadRequest(f"{name} is {value!r}.", "It must be three numbers from 0 to 1, such as [0.3, 0.25, 0.2].")
    return tuple(float(c) for c in numbers)


def flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false, not {value!r}.")


def azimuth_or_text(owner: Any, name: str) -> None:
    """Make a number of an azimuth that is written as text, as on a command line."""
    value = getattr(owner, name)
    if isinstance(value, str):
        try:
            object.__setattr__(owner, name, float(value))
        except ValueError:
            text(name, value)
            return
    not_none(owner, name)
    number(owner, name, -360, 360)


def choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadRequest(f"{name} is {value!r}, which is unknown.", f"Choose from {', '.join(choices)}.")
