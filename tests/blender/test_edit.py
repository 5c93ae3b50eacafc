"""Parts of the world's sky made anew: painted over, or at a click. All else stays, bit for bit."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension


@pytest.fixture
def sky(scene, quick, preferences, tmp_path) -> bpy.types.Image:
    """A generated sky in the world, turned a little."""
    preferences.output_folder = str(tmp_path)
    for name in ("model", "steps", "coherence"):
        setattr(scene.skyloom, name, quick[name])
    assert bpy.ops.skyloom.generate_panorama(prompt="noon", width=128, seed=7) == {"FINISHED"}
    extension("scene.world").sky_node(scene.world).inputs["Rotation"].default_value = 0.5
    return world_sky(scene)


def world_sky(scene) -> bpy.types.Image:
    return extension("scene.world").world_panorama(scene.world)


def pixels(image: bpy.types.Image) -> np.ndarray:
    return extension("scene.pixels").pixels_of(image)


def job(image: bpy.types.Image) -> dict:
    return extension("scene.history").job_of(Path(image.filepath))


def edit(what: str, sky: bpy.types.Image, scene: bpy.types.Scene) -> tuple[np.ndarray, bpy.types.Image]:
    """The mask that was used, and the new sky, which is the old one outside the mask."""
    assert bpy.ops.skyloom.edit_sky(what=what) == {"FINISHED"}
    after = world_sky(scene)
    assert after != sky and job(after)["start"] == sky.filepath
    loaded = bpy.data.images.load(job(after)["mask"])
    mask = pixels(loaded)[..., 0] > 0.5
    changed = (pixels(after) != pixels(sky)).any(-1)
    assert changed.any() and not changed[~mask].any()
    return mask, after


def test_painted_area_is_made_anew_and_nothing_else(scene, sky):
    with pytest.raises(RuntimeError, match="no painting"):
        bpy.ops.skyloom.edit_sky(what="CLOUD")
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    with pytest.raises(RuntimeError, match="Nothing is painted"):
        bpy.ops.skyloom.edit_sky(what="CLOUD")
    with pytest.raises(RuntimeError, match="not said what"):
        bpy.ops.skyloom.edit_sky(what="PAINTED")
    stroke = pixels(painting)
    stroke[30:50, :10, :3] = stroke[30:50, -10:, :3] = (1.0, 0.1, 0.6)  # across the seam
    painting.pixels.foreach_set(stroke.ravel())
    bpy.ops.skyloom.paint_edit()
    assert pixels(painting)[40, 5, 1] == pytest.approx(0.1, abs=0.01), "painting on begins where it was left"
    scene.skyloom.edit_prompt = "storm clouds"
    bpy.ops.skyloom.add_region()  # what is set to direct the next sky is not for the edit
    mask, after = edit("PAINTED", sky, scene)
    assert mask.sum() == 20 * 20 and mask[40, 5] and mask[40, -5]
    assert job(after)["prompt"] == "storm clouds" and not job(after)["regions"]
    assert not job(after)["draw_named"], "another model's clouds need not be drawn"
    node = extension("scene.world").sky_node(scene.world)
    assert node.inputs["Rotation"].default_value == pytest.approx(0.5), "the sliders are lost"
    bpy.ops.skyloom.paint_edit()
    assert bpy.data.images[f"Edit {after.name}"] != painting, "a new sky is painted over anew"
    bpy.ops.skyloom.discard_edit()
    assert f"Edit {after.name}" not in bpy.data.images


def test_large_sky_is_painted_over_at_a_smaller_size(scene, sky, monkeypatch):
    monkeypatch.setattr(extension("scene.painting"), "_WIDEST", 64)
    picture = pixels(bpy.data.images.load(str(Path(sky.filepath).with_suffix(".png"))))
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    stroke = pixels(painting)
    assert np.abs(stroke - picture.reshape(32, 2, 64, 2, 4).mean((1, 3))).max() < 1.5 / 255
    stroke[20:25, 10:15, 1] += 4 / 255
    painting.pixels.foreach_set(stroke.ravel())
    assert bpy.ops.skyloom.edit_sky(what="CLOUD") == {"FINISHED"}
    after = world_sky(scene)
    mask = pixels(bpy.data.images.load(job(after)["mask"]))[..., 0] > 0.5
    assert mask.shape == (32, 64) and mask.sum() == 25
    changed = (pixels(after) != pixels(sky)).any(-1)
    assert changed[40:50, 20:30].any()
    changed[39:51, 19:31] = False  # a mask that is enlarged has soft edges
    assert not changed.any()


@pytest.mark.parametrize("beside", ["its own", "none", "another's"])
def test_painting_looks_like_the_sky_and_only_strokes_count(scene, sky, beside):
    picture = Path(sky.filepath).with_suffix(".png")
    before = bpy.data.images.load(str(picture))
    shown = pixels(before)
    if beside == "another's":
        before.scale(64, 32)
        before.save()
    elif beside == "none":
        picture.unlink()
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    assert np.abs(pixels(painting) - shown).max() < 1.5 / 255
    stroke = pixels(painting)
    stroke[40:50, 20:30, 1] += 4 / 255
    painting.pixels.foreach_set(stroke.ravel())
    mask, _ = edit("CLOUD", sky, scene)
    assert mask.sum() == 100 and mask[40:50, 20:30].all()


def test_painting_of_another_size_is_refused(scene, sky):
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    del painting["skyloom_edit_clean"]
    with pytest.raises(RuntimeError, match="an older Skyloom"):
        bpy.ops.skyloom.edit_sky(what="CLOUD")
    bpy.ops.skyloom.discard_edit()
    bpy.ops.skyloom.paint_edit()
    bpy.data.images[f"Edit {sky.name}"].scale(64, 32)
    with pytest.raises(RuntimeError, match="larger or smaller"):
        bpy.ops.skyloom.edit_sky(what="CLOUD")


def test_painting_is_saved_with_the_file(scene, sky, tmp_path):
    bpy.ops.skyloom.paint_edit()
    name = f"Edit {sky.name}"
    clean, stroke = pixels(bpy.data.images[name]), pixels(bpy.data.images[name])
    stroke[40:50, 20:30, :3] = 0
    bpy.data.images[name].pixels.foreach_set(stroke.ravel())
    bpy.ops.image.save_all_modified()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert np.array_equal(pixels(bpy.data.images[name]), stroke) and not np.array_equal(stroke, clean)
    picture = bpy.data.images.load(str(Path(world_sky(bpy.context.scene).filepath).with_suffix(".png")))
    assert np.array_equal(pixels(picture), clean), "the picture beside the sky was painted over"


def test_sun_is_removed_where_it_was_found(scene, sky):
    drawn = json.dumps({"layout": {"azimuth": 200, "elevation": 40}, "strength": 0})
    assert bpy.ops.skyloom.generate_panorama(prompt="noon", width=128, seed=7, other=drawn) == {"FINISHED"}
    before = world_sky(scene)
    assert bpy.ops.skyloom.edit_sky(what="SUN") == {"FINISHED"}
    after = world_sky(scene)
    rise, turn = np.radians((np.arange(64)[:, None] + 0.5) / 64 * 180 - 90), (np.arange(128) + 0.5) / 128 * 360 - 90
    level = np.cos(rise) * np.cos(np.radians(turn - 200))
    up, down = (level * np.cos(np.radians(40)) + np.sin(rise) * np.sin(np.radians(40 * side)) for side in (1, -1))
    changed, above = (pixels(after) != pixels(before)).any(-1), np.broadcast_to(rise > 0, (64, 128))
    assert changed[up > np.cos(np.radians(12))].all() and changed[~above & (down > np.cos(np.radians(25)))].all()
    assert not changed[above & (up < np.cos(np.radians(82)))].any(), "the sky away from the sun changed"
    assert not changed[~above & (level < 0)].any(), "the ground behind the viewer changed"
    assert pixels(after)[..., :3].max() < 0.2 * pixels(before)[..., :3].max()
    made = job(after)
    assert (made["start"], made["mask"], made["erase"]) == (before.filepath, None, True)
    assert made["sun"] == "off" and made["strength"] == 0.3 and made["prompt"] == "noon, no sun in view"
    with pytest.raises(RuntimeError, match="No sun or moon is seen"):
        bpy.ops.skyloom.edit_sky(what="SUN")


def test_sun_stays_where_the_cloud_before_it_goes(scene, sky):
    light = {"kind": "sun", "azimuth": 200.0, "elevation": 40.0, "extent": 4.0, "seen": True}
    scene.world["skyloom_light"] = light
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    stroke = pixels(painting)
    row, column = round((40 + 90) / 180 * 64 - 0.5), round((200 + 90) / 360 * 128 - 0.5)
    stroke[row, column, :3] = (1.0, 0.1, 0.6)
    painting.pixels.foreach_set(stroke.ravel())
    with pytest.raises(RuntimeError, match="Nothing but the sun"):
        bpy.ops.skyloom.edit_sky(what="CLOUD")
    stroke[row - 6 : row + 6, column - 6 : column + 6, :3] = (1.0, 0.1, 0.6)
    painting.pixels.foreach_set(stroke.ravel())
    mask, after = edit("CLOUD", sky, scene)
    assert not mask[row, column] and 12 * 12 > mask.sum() > 12 * 12 - 9
    assert np.array_equal(pixels(after)[row, column], pixels(sky)[row, column])


def test_ground_is_made_anew_below_the_horizon(scene, sky):
    mask, after = edit("GROUND", sky, scene)
    assert mask[:32].all() and not mask[32:].any()
    assert job(after)["prompt"] == "noon"
    assert job(after)["feather"] == 0, "what is left of the old ground's edge would show"
    assert not job(after)["draw_named"], "another model's ground need not be drawn"


def test_bundled_models_ground_is_drawn(scene, sky):
    scene.skyloom.property_unset("model")
    scene.skyloom.edit_prompt = "a snowfield"
    _, after = edit("GROUND", sky, scene)
    assert job(after)["draw_named"] and pixels(after)[:28, :, :3].std() > 0


def test_bundled_models_painted_clouds_are_drawn(scene, sky):
    scene.skyloom.property_unset("model")
    scene.skyloom.edit_prompt = "puffy white clouds"
    bpy.ops.skyloom.paint_edit()
    painting = bpy.data.images[f"Edit {sky.name}"]
    stroke = pixels(painting)
    stroke[38:58, 10:40, :3] = (1.0, 0.1, 0.6)
    painting.pixels.foreach_set(stroke.ravel())
    _, after = edit("PAINTED", sky, scene)
    assert job(after)["draw_named"] and job(after)["strength"] == 0


def test_a_painting_goes_with_its_sky(scene, sky):
    bpy.ops.skyloom.paint_edit()
    painting, path = bpy.data.images[f"Edit {sky.name}"].name, sky.filepath
    scene.world = None
    bpy.ops.skyloom.delete_panorama(filepath=path)
    assert painting not in bpy.data.images and not Path(path).exists()
    assert not any(image.filepath == path for image in bpy.data.images)


def test_what_cannot_be_edited_is_said(scene, sky):
    Path(sky.filepath).with_suffix(".png").write_bytes(b"no picture")
    Path(sky.filepath).rename(sky.filepath + ".away")
    Path(sky.filepath).write_bytes(b"no picture either")
    with pytest.raises(RuntimeError, match="cannot be read as an EXR"):
        bpy.ops.skyloom.paint_edit()
    assert not [image for image in bpy.data.images if image.name.startswith("Edit")]
    Path(sky.filepath).unlink()
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.skyloom.paint_edit()
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.skyloom.edit_sky(what="GROUND")
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    with pytest.raises(RuntimeError, match="shows no generated sky"):
        bpy.ops.skyloom.paint_edit()
