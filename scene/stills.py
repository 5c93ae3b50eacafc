"""The scene rendered in one sky after the other, to pictures beside the skies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..engine.errors import BadRequest, GenerationFailed
from ..engine.light.found import read_light
from ..engine.output.header import read_size
from .images import load_panorama
from .sun_lamp import sun_lamp
from .world import new_world


def still_path(exr: Path) -> Path:
    """Where the still of the sky *exr* goes."""
    return exr.with_name(f"{exr.stem}-still.png")


def render_still(scene: bpy.types.Scene, exr: Path, camera: str | None = None, still: Path | None = None) -> Path:
    """Render *scene* in the sky *exr*, seen by *camera* (an object's name; None: the scene's), and return the picture:
    *still*, or a file beside the sky.

    The picture is there whole or not at all. Afterwards the scene is as it was.
    Raises :class:`BadRequest` if there is no such camera, :class:`GenerationFailed` if Blender cannot do it.
    """
    still = still or still_path(exr)
    partial = still.with_name(f".{still.stem}.{os.getpid()}.partial.png")
    render, settings = scene.render, scene.render.image_settings
    before = scene.world, scene.camera, render.filepath, settings.file_format
    try:
        with _sky(exr) as world, _without_lamp(scene):
            scene.world, scene.camera = world, _camera(scene, camera)
            render.filepath, settings.file_format = str(partial), "PNG"
            bpy.ops.render.render("EXEC_DEFAULT", write_still=True, scene=scene.name)
            os.replace(partial, still)
    except (OSError, RuntimeError) as error:
        raise GenerationFailed(
            f"{still} could not be rendered ({str(error).strip()}).",
            "See that its folder can be written to, and that the scene renders by itself.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
        scene.world, scene.camera, render.filepath, settings.file_format = before
    return still


@contextmanager
def _sky(exr: Path) -> Iterator[bpy.types.World]:
    """A world of the sky *exr* for as long as this lasts: never one that the .blend has, which is the artist's."""
    groups, images = set(bpy.data.node_groups), set(bpy.data.images)
    image = load_panorama(exr, read_size(exr))
    world = new_world(exr.stem, image, read_light(exr))
    try:
        yield world
    finally:
        bpy.data.worlds.remove(world)
        for group in set(bpy.data.node_groups) - groups:
            bpy.data.node_groups.remove(group)
        if image not in images:
            bpy.data.images.remove(image)


@contextmanager
def _without_lamp(scene: bpy.types.Scene) -> Iterator[None]:
    """Do not render the lamp that stands for the sun of the scene's own world."""
    lamp = sun_lamp(scene)
    hidden = lamp and lamp.hide_render
    try:
        if lamp:
            lamp.hide_render = True
        yield
    finally:
        if lamp:
            lamp.hide_render = hidden


def _camera(scene: bpy.types.Scene, name: str | None) -> bpy.types.Object:
    camera = scene.objects.get(name) if name else scene.camera
    if not camera or camera.type != "CAMERA":
        wanted = f"camera '{name}'" if name else "camera"
        raise BadRequest(f"The scene '{scene.name}' has no {wanted}.", "Name one in the shot list's column camera.")
    return camera
