"""A shot list (TOML or CSV) becomes shots: one job and one output file each, all of them checked before any is made.

Standard library only: Blender's side reads shot lists too.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .. import checks
from ..errors import BadRequest, SkyloomError
from ..job import Job
from .pattern import expand
from .presets import located, read_preset
from .tables import Row, read_rows

DEFAULT_PATTERN = "{prompt}-{seed}.exr"
MOST_SEEDS = 100_000  # of one row
_JOB_FIELDS = {field.name for field in fields(Job)}
_OWN_COLUMNS = {"preset", "seeds", "variations", "output", "blend", "camera"}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One sky of a shot list.

    row, line: of the list, both counted from 1. job: with a seed. exr: the file to write, absolute.
    blend, camera: the scene to render it in (None: the open one) and the camera's name (None: the scene's).
    """

    row: int
    line: int
    job: Job
    exr: Path
    blend: Path | None = None
    camera: str | None = None


class BadShots(BadRequest):
    """Rows of a shot list that cannot be used, all of them, a line each."""

    code = "bad_shots"


def read_shots(path: Path, folder: Path) -> list[Shot]:
    """The shots of the list at *path*, whose skies go into *folder*. Paths in the list are relative to it.

    Raises :class:`BadRequest` if the list cannot be read at all, :class:`BadShots` naming every bad row.
    """
    path, folder = path.expanduser(), folder.expanduser().resolve()
    shots: list[Shot] = []
    taken: dict[str, int] = {}
    problems: list[str] = []
    advised: set[str] = set()
    rows = read_rows(path)
    for row in rows:
        try:
            for shot in _shots_of(row, path.absolute().parent, folder):
                key = str(shot.exr).casefold()  # not every file system tells upper from lower case
                if first := taken.get(key):
                    where = "twice" if first == row.line else f"by line {first} too"
                    name = shot.exr.relative_to(folder)
                    hint = "Put {row} or {seed} into the output pattern."
                    raise BadRequest(f"The output {name} is written {where}.", hint)
                taken[key] = row.line
                shots.append(shot)
        except SkyloomError as error:
            problems.append(f"line {row.line}: {error.message if error.hint in advised else error}")
            advised.add(error.hint)
    if not rows:
        raise BadRequest(f"The shot list {path} has no shots.", "Add a [[shot]] with a prompt.")
    if problems:
        count = "1 bad row" if len(problems) == 1 else f"{len(problems)} bad rows"
        raise BadShots("\n".join([f"{path.name} has {count}; nothing was started.", *problems]))
    return shots


def check_scenes(shots: Iterable[Shot]) -> None:
    """See that every .blend that *shots* name is there. Raises :class:`BadShots` naming every line whose is not."""
    missing = {
        f"line {shot.line}: The scene {shot.blend} does not exist.": None for shot in shots if _lacks_scene(shot)
    }
    if missing:
        raise BadShots("\n".join(["The shots cannot be rendered; nothing was started.", *missing]))


def _lacks_scene(shot: Shot) -> bool:
    return shot.blend is not None and not shot.blend.is_file()


def _shots_of(row: Row, base: Path, folder: Path) -> Iterator[Shot]:
    """One shot per seed of *row*. Raises :class:`BadRequest`."""
    values = _values(row, base)
    if unknown := [name for name in values if name not in _JOB_FIELDS | _OWN_COLUMNS]:
        known = ", ".join(sorted(_JOB_FIELDS | _OWN_COLUMNS))
        raise BadRequest(f"Unknown: {', '.join(map(str, unknown))}.", f"Known are {known}.")
    own = {name: values.pop(name, None) for name in _OWN_COLUMNS}
    seeds = _seeds(values.pop("seed", None), own["seeds"], own["variations"])
    pattern = _text_or_none("output", own["output"]) or DEFAULT_PATTERN
    blend = _text_or_none("blend", own["blend"])
    camera = _text_or_none("camera", own["camera"])
    for seed in seeds:
        job = Job.from_dict(values | {"seed": seed})
        yield Shot(
            row=row.number,
            line=row.line,
            job=job,
            exr=expand(pattern, job, row.number, folder),
            blend=Path(blend) if blend else None,
            camera=camera,
        )


def _values(row: Row, base: Path) -> dict[str, Any]:
    """What *row* says, over its preset, over the defaults of its list. Raises :class:`BadRequest`."""
    given = _typed(row.values) if row.as_text else row.values
    name = given.get("preset", row.defaults.get("preset"))
    preset = {} if name is None else read_preset(name, row.presets, base)
    values = located(row.defaults, base) | preset | located(given, base)
    values.pop("preset", None)
    return values


def _typed(cells: dict[str, Any]) -> dict[str, Any]:
    """Values from a CSV's *cells*: an empty one is not given; numbers and lists are written as in JSON."""
    kinds = get_type_hints(Job) | {"variations": int}
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        if not cell.strip():
            continue
        values[name] = cell
        if not _is_text(kinds.get(name, str)):
            with suppress(ValueError):  # stays text then, which the job refuses with the column's name
                values[name] = json.loads(cell)
    return values


def _is_text(kind: Any) -> bool:
    """Whether values of the type *kind* are texts and nothing else, but for None."""
    if get_origin(kind) in (Union, UnionType):
        return all(_is_text(part) for part in get_args(kind) if part is not NoneType)
    return kind is str or get_origin(kind) is Literal


def _seeds(seed: Any, seeds: Any, variations: Any) -> list[Any]:
    """The seeds of a row: ``seeds``, or ``variations`` of them counted up from ``seed`` (0), or ``seed``, or 0.

    Never random: a list that is run again must ask for the same skies.
    """
    if seeds is not None:
        if seed is not None or variations is not None:
            raise BadRequest("seeds stands beside seed or variations.", "Give one of them.")
        return _seed_list(seeds)
    first = 0 if seed is None else seed
    if variations is None:
        return [first]
    checks.integer("variations", variations, 1, MOST_SEEDS)
    checks.integer("seed", first, 0)
    return list(range(first, first + variations))


def _seed_list(seeds: Any) -> list[Any]:
    if isinstance(seeds, list) and seeds:
        return seeds
    found: list[int] = []
    for part in re.split(r"[\s,;]+", seeds.strip()) if isinstance(seeds, str) else [None]:
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part or "")
        if not match or (match[2] and not 0 <= int(match[2]) - int(match[1]) < MOST_SEEDS):
            raise BadRequest(f"seeds must be whole numbers or ranges, not {seeds!r}.", 'For example "1 2 5-8".')
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def _text_or_none(name: str, value: Any) -> str | None:
    if value is not None:
        checks.text(name, value)
    return value
