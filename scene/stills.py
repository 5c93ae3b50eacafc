"""The scene rendered in one sky after the other, to pictures beside the skies."""

import os
from pathlib import Path

import bpy

from ..engine.errors import BadRequest, GenerationFailed


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
    kept = bool(scene.world and scene.world.use_fake_user)
    groups, images = set(bpy.data.node_groups), set(bpy.data.images)
    try:
        scene.camera = _camera(scene, camera)
        with bpy.context.temp_override(scene=scene):
            bpy.ops.skyloom.apply_panorama("EXEC_DEFAULT", filepath=str(exr), target="WORLD")
        sky = scene.world
        render.filepath, settings.file_format = str(partial), "PNG"
        bpy.ops.render.render("EXEC_DEFAULT", write_still=True, scene=scene.name)
        os.replace(partial, still)
    except (OSError, RuntimeError) as error:
        raise GenerationFailed(f"{still} could not be rendered ({str(error).strip()}).") from error
    finally:
        partial.unlink(missing_ok=True)
        scene.world, scene.camera, render.filepath, settings.file_format = before
        if scene.world:
            scene.world.use_fake_user = kept
    bpy.data.worlds.remove(sky)
    for group in set(bpy.data.node_groups) - groups:
        bpy.data.node_groups.remove(group)
    for image in set(bpy.data.images) - images:
        if image.type == "IMAGE":  # not Blender's own render result
            bpy.data.images.remove(image)
    return still


def _camera(scene: bpy.types.Scene, name: str | None) -> bpy.types.Object:
    camera = scene.objects.get(name) if name else scene.camera
    if not camera or camera.type != "CAMERA":
        wanted = f"camera '{name}'" if name else "camera"
        raise BadRequest(f"The scene '{scene.name}' has no {wanted}.", "Name one in the shot list's column camera.")
    return camera
