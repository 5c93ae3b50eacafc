"""Which skies the .blend knows of: their images stay in it with their jobs, whether a world uses them or not."""

import json
from pathlib import Path
from typing import Any

import bpy

from ..engine.errors import BadRequest
from ..engine.output.header import read_job
from ..history import Sky, read_sky, skies_in
from .images import WRITTEN, images_of, path_of
from .painting import painted_image
from .world import sky_node, world_panorama

_JOB = "skyloom_job"  # custom property of an image: the job in its file's header, as JSON


def remember(image: bpy.types.Image) -> None:
    """Keep *image* in the .blend with its job, if it has one."""
    if sky := read_sky(path_of(image), int(image[WRITTEN])):
        image[_JOB] = json.dumps(sky.job)
        image.use_fake_user = True


def remembered() -> list[Sky]:
    """The skies of the .blend, wherever their files are now, the newest first."""
    images = [image for image in bpy.data.images if _JOB in image]
    skies = [Sky(path_of(image), int(image[WRITTEN]), json.loads(image[_JOB])) for image in images]
    return sorted(skies, key=lambda sky: sky.made, reverse=True)


def known_skies(folder: Path) -> list[Sky]:
    """The skies in *folder* and those that the .blend knows besides, the newest first."""
    there = skies_in(folder)
    paths = {sky.path for sky in there}
    return sorted((*there, *(sky for sky in remembered() if sky.path not in paths)), key=lambda sky: -sky.made)


def job_of(path: Path) -> dict[str, Any]:
    """The job of the sky at *path*, also if only the .blend has it. Raises :class:`BadRequest`."""
    try:
        return read_job(path)
    except BadRequest:
        if sky := next((sky for sky in remembered() if sky.path == path), None):
            return sky.job
        raise


def forget(path: Path) -> bool:
    """Remove the sky at *path* and the worlds kept of it from the .blend; False if something in it is still in use."""
    worlds = [world for world in bpy.data.worlds if (image := world_panorama(world)) and path_of(image) == path]
    if any(world.users > world.use_fake_user for world in worlds):
        return False
    for world in worlds:
        group = sky_node(world).node_tree
        bpy.data.worlds.remove(world)
        if not group.users:
            bpy.data.node_groups.remove(group)
    images = images_of(path)
    for painting in filter(None, map(painted_image, images)):
        bpy.data.images.remove(painting)
    if any(image.users > image.use_fake_user for image in images):
        return False
    for image in images:
        bpy.data.images.remove(image)
    return True
