"""A world of ours as an asset: a .blend of its own in an asset library, which needs no other file."""

import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import bpy

from .images import path_of
from .world import sky_node, world_panorama

FOLDER = "Skyloom"  # in the library
CATALOGUES = "blender_assets.cats.txt"  # Blender's own list of a library's catalogues
_HEADER = "# This is an Asset Catalog Definition file for Blender.\n\nVERSION 1\n"


@dataclass(frozen=True)
class Details:
    """What the asset browser shows. catalogue: a path such as ``Skies/Evening``, which is added if it is new."""

    author: str
    description: str
    tags: Sequence[str]
    catalogue: str


def save_asset(world: bpy.types.World, library: Path, details: Details) -> Path:
    """Write *world*, one of ours, as an asset into the folder *library*; the file that was made. Raises OSError."""
    folder = library / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = _free_path(folder, world.name)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.blend")
    with _independent_copy(world) as copy:
        _describe(copy, details, _catalogue_id(library, details.catalogue))
        try:
            bpy.data.libraries.write(str(partial), {copy}, path_remap="NONE", fake_user=True, compress=True)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@contextmanager
def _independent_copy(world: bpy.types.World) -> Iterator[bpy.types.World]:
    """*world* under its own name, with its picture packed; the scene's one is left as it is, and no asset."""
    name, original = world.name, world_panorama(world)
    copy, group, image = world.copy(), sky_node(world).node_tree.copy(), original.copy()
    try:
        world.name, copy.name = f"{name[:50]} original", name
        sky_node(copy).node_tree = group
        for node in group.nodes:
            if node.type == "TEX_ENVIRONMENT":
                node.image = image
        if not image.packed_file:
            image.pack()
        yield copy
    finally:
        for data, thing in ((bpy.data.worlds, copy), (bpy.data.node_groups, group), (bpy.data.images, image)):
            data.remove(thing)
        world.name = name


def _describe(world: bpy.types.World, details: Details, catalogue: str) -> None:
    world.asset_mark()
    about = world.asset_data
    about.author, about.description, about.catalog_id = details.author, details.description, catalogue
    for tag in details.tags:
        about.tags.new(tag, skip_if_exists=True)
    picture = path_of(world_panorama(world)).with_suffix(".png")
    if picture.is_file():
        with bpy.context.temp_override(id=world):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=str(picture))


def _catalogue_id(library: Path, catalogue: str) -> str:
    """The id of *catalogue* in the library's list, where it is added if it is new."""
    catalogue = re.sub(r"[:\\]", "-", catalogue)  # as Blender does: colons separate what stands on a line
    file = library / CATALOGUES
    known = file.read_text(encoding="utf-8") if file.exists() else _HEADER
    for line in known.splitlines():
        identity, _, rest = line.partition(":")
        if not line.startswith(("#", "VERSION")) and rest.partition(":")[0] == catalogue:
            return identity
    identity = str(uuid.uuid4())
    entry = f"{identity}:{catalogue}:{catalogue.replace('/', '-')}\n"
    partial = file.with_name(f"{CATALOGUES}.{os.getpid()}.partial")
    partial.write_text(known.rstrip("\n") + "\n" + entry, encoding="utf-8")
    os.replace(partial, file)
    return identity


def _free_path(folder: Path, name: str) -> Path:
    stem = re.sub(r"[^\w -]", "-", name).strip()
    candidates = (folder / f"{stem}{'' if number == 1 else f'-{number}'}.blend" for number in count(1))
    return next(path for path in candidates if not path.exists())
