"""What is set in the Direction panel becomes the job, and a sky's job becomes that again."""

import json
from math import radians
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import extension


def header(path: str) -> dict:
    return extension("engine.output.header").read_job(Path(path))


def result(**quick) -> str:
    assert bpy.ops.skyloom.generate_panorama(**quick) == {"FINISHED"}
    return bpy.context.window_manager.skyloom.result


def test_a_layout_is_refined_and_lights_from_its_sun(scene, quick):
    direction = scene.skyloom.direction
    direction.begin, direction.strength = "LAYOUT", 0.5
    direction.layout.azimuth, direction.layout.elevation, direction.layout.ground = 200, 20, "sea"
    job = header(result(**quick))
    assert (job["layout"]["azimuth"], job["layout"]["ground"], job["strength"]) == (200, "sea", 0.5)
    light = scene.world["skyloom_light"].to_dict()
    assert (light["kind"], light["azimuth"], light["elevation"]) == ("sun", 200, 20)


def test_a_layouts_coast_city_and_storm_stand_where_they_were_put(scene, quick):
    direction = scene.skyloom.direction
    direction.begin, direction.strength = "LAYOUT", 0.0
    layout = direction.layout
    layout.clouds, layout.ground, layout.horizon, layout.fog = "cumulonimbus", "coast", "city", True
    bpy.ops.object.camera_add(rotation=(radians(90), 0, radians(-120)))  # looks to azimuth 120
    scene.camera = bpy.context.object
    bpy.context.view_layer.update()
    bpy.ops.skyloom.set_from_view(what="SEA")
    layout.cloud_azimuth = 40
    made = result(**quick)
    job = header(made)["layout"]
    assert (job["clouds"], job["ground"], job["horizon"], job["fog"]) == ("cumulonimbus", "coast", "city", True)
    assert (job["cloud_azimuth"], job["sea_azimuth"], job["city_azimuth"]) == (40, pytest.approx(120, abs=0.1), 90)
    layout.ground, layout.cloud_azimuth, layout.fog = "sea", 0, False
    bpy.ops.skyloom.use_settings(filepath=made)
    layout = direction.layout  # another one: the settings begin from the defaults
    assert (layout.ground, layout.cloud_azimuth, layout.fog) == ("coast", 40, True)


def test_a_sky_drawn_from_its_prompt_comes_back_and_gives_way_to_sliders(scene, quick, tmp_path):
    first = result(**quick, other='{"layout": "prompt"}', out=str(tmp_path / "first.exr"))
    assert (header(first)["layout"], header(first)["strength"]) == ("prompt", 0.6)
    bpy.ops.skyloom.use_settings(filepath=first)
    direction = scene.skyloom.direction
    assert direction.begin == "NOISE"
    again = result(out=str(tmp_path / "again.exr"))
    assert np.array_equal(read(first), read(again))
    direction.begin, direction.layout.azimuth = "LAYOUT", 10
    assert header(result(**quick, out=str(tmp_path / "drawn.exr")))["layout"]["azimuth"] == 10
    direction.begin, direction.start = "PICTURE", first
    varied = header(result(**quick, out=str(tmp_path / "varied.exr")))
    assert (varied["layout"], varied["start"]) == (None, first)


def test_an_edit_changes_nothing_outside_its_mask(scene, quick, tmp_path):
    before = result(**quick, out=str(tmp_path / "before.exr"))
    mask = bpy.data.images.new("mask", 128, 64)
    pixels = np.zeros((64, 128, 4), np.float32)
    pixels[20:40, 30:60, :3], pixels[..., 3] = 1, 1
    mask.pixels.foreach_set(pixels.ravel())
    mask.filepath_raw, mask.file_format = str(tmp_path / "mask.png"), "PNG"
    mask.save()
    direction = scene.skyloom.direction
    direction.begin, direction.start, direction.mask = "PICTURE", before, str(tmp_path / "mask.png")
    del quick["width"]
    after = result(**quick, out=str(tmp_path / "after.exr"))
    one, other = (read(path) for path in (before, after))
    outside = pixels[..., 0] == 0
    assert np.array_equal(one[outside], other[outside])
    assert not np.array_equal(one, other)
    assert header(after)["strength"] == 1.0
    direction.erase = True
    erased = result(**quick, out=str(tmp_path / "erased.exr"))
    assert (header(erased)["erase"], header(erased)["strength"]) == (True, 0.3)
    direction.erase = False
    bpy.ops.skyloom.use_settings(filepath=erased)
    assert direction.erase and direction.mask == str(tmp_path / "mask.png")
    direction.mask = ""
    with pytest.raises(RuntimeError, match="no sun or moon to erase"):  # which is what goes without a mask
        result(**quick, out=str(tmp_path / "sunless.exr"))


def read(path: str) -> np.ndarray:
    image = bpy.data.images.load(path)
    values = np.empty(128 * 64 * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(64, 128, 4)


def test_settings_come_back_from_a_sky(scene, quick, tmp_path):
    direction = scene.skyloom.direction
    photo = bpy.data.images.new("photo", 24, 16)
    photo.filepath_raw, photo.file_format = str(tmp_path / "photo.png"), "PNG"
    photo.save()
    bpy.ops.skyloom.add_photo(filepath=str(tmp_path / "photo.png"))
    assert direction.photos[0].use_noted, "what the camera noted counts until something else is said"
    direction.photos[0].field_of_view, direction.photos[0].roll = 60, 10
    bpy.ops.skyloom.add_region()
    bpy.ops.skyloom.add_region()
    bpy.ops.skyloom.remove_part(kind="region")
    direction.regions[0].prompt, direction.regions[0].width = "a storm", 50
    first = result(**quick | {"coherence": "FAST"}, out=str(tmp_path / "first.exr"))
    job = header(first)
    assert job["sync_anchor"] == "nearest" and job["photos"][0]["field_of_view"] == 60
    assert [region["prompt"] for region in job["regions"]] == ["a storm"]

    direction.photos.clear()
    direction.regions.clear()
    bpy.ops.skyloom.use_settings(filepath=first)
    assert (direction.photos[0].roll, direction.regions[0].width) == (10, 50)
    second = result(out=str(tmp_path / "second.exr"))
    assert np.array_equal(read(first), read(second))


def test_reference_and_control_become_the_job_and_come_back(scene, quick, tmp_path):
    direction = scene.skyloom.direction
    direction.reference = picture = bpy.data.images.new("look", 32, 16)
    with pytest.raises(RuntimeError, match="not saved"):
        bpy.ops.skyloom.generate_panorama(**quick)
    picture.filepath_raw, picture.file_format = str(tmp_path / "look.png"), "PNG"
    picture.save()
    direction.reference_by, direction.reference_strength = "STYLE", 0.5
    sky = result(**quick)
    job = header(sky)
    assert (job["sync_anchor"], job["sync_loss"]) == (str(tmp_path / "look.png"), "5000 * style")
    direction.reference = None
    bpy.ops.skyloom.use_settings(filepath=sky)
    assert (direction.reference, direction.reference_by, direction.reference_strength) == (picture, "STYLE", 0.5)
    direction.reference = None
    direction.control = str(tmp_path)
    with pytest.raises(RuntimeError, match="no control_image"):
        bpy.ops.skyloom.generate_panorama(**quick)
    direction.control_image = str(tmp_path / "look.png")
    with pytest.raises(RuntimeError, match="no ControlNet in"):
        bpy.ops.skyloom.generate_panorama(**quick)


def test_a_reference_beyond_the_slider_keeps_its_weight(scene, tmp_path):
    """A job from a command line: what no slider can show stays beside them, and the same sky comes out."""
    picture = bpy.data.images.new("look", 32, 16)
    picture.filepath_raw, picture.file_format = str(tmp_path / "look.png"), "PNG"
    picture.save()
    asked = {"sync_anchor": str(tmp_path / "look.png"), "sync_loss": "5000 * lpips-vgg"}
    job = extension("engine.job").Job(prompt="a", seed=1, **asked)
    extension("job_settings").use_job(scene.skyloom, job.to_dict())
    assert scene.skyloom.direction.reference is None
    assert json.loads(scene.skyloom.other) == asked


def test_another_familys_control_is_told_and_refused_before_the_engine_starts(scene, quick, tmp_path):
    (tmp_path / "config.json").write_text('{"cross_attention_dim": 2048}')
    direction = scene.skyloom.direction
    direction.control = direction.control_image = str(tmp_path)
    scene.skyloom.model = quick["model"]
    told = extension("engine.models.kinship").stranger(
        extension("job_settings").chosen_model(scene.skyloom), (), direction.control
    )
    assert "was made for Stable Diffusion XL" in told, "the panel would not say it"
    with pytest.raises(RuntimeError, match="was made for Stable Diffusion XL"):
        bpy.ops.skyloom.generate_panorama(**quick)
    assert not extension("session").running()


def test_sun_from_a_lamp_and_region_from_the_camera(scene):
    with pytest.raises(RuntimeError, match="no Sun lamp"):
        bpy.ops.skyloom.layout_from_lamp()
    bpy.ops.object.light_add(type="SUN", rotation=(radians(60), 0, radians(180)))
    bpy.context.view_layer.update()
    bpy.ops.skyloom.layout_from_lamp()
    layout = scene.skyloom.direction.layout
    assert (layout.azimuth % 360, layout.elevation) == pytest.approx((0, 30), abs=0.02)
    bpy.ops.skyloom.add_region()
    bpy.ops.object.camera_add(rotation=(radians(90), 0, radians(-90)))  # looks to +X
    scene.camera = bpy.context.object
    bpy.context.view_layer.update()
    scene.skyloom.direction.regions[0].azimuth = 0
    bpy.ops.skyloom.set_from_view(what="REGION")
    assert scene.skyloom.direction.regions[0].azimuth == pytest.approx(90, abs=0.1)
    with pytest.raises(RuntimeError, match="no photo"):
        bpy.ops.skyloom.set_from_view(what="PHOTO")
    bpy.context.object.rotation_euler = (radians(120), 0, radians(-90))
    bpy.context.view_layer.update()
    bpy.ops.skyloom.set_from_view(what="SUN")
    assert (layout.azimuth, layout.elevation) == pytest.approx((90, 30), abs=0.1)
    scene.camera = None
    with pytest.raises(RuntimeError, match="neither a 3D view nor a camera"):
        bpy.ops.skyloom.set_from_view(what="REGION")


def test_sun_by_date_and_place(scene):
    """Noon in Greenwich at midsummer; what the date then says no longer moves a sun that a lamp has set."""
    layout, layout_of = scene.skyloom.direction.layout, extension("direction_settings").layout_of
    layout.hour = 12
    assert layout_of(layout)["elevation"] == 30, "the place is not asked for yet"
    layout.use_place = True
    drawn = layout_of(layout)
    assert (drawn["azimuth"], drawn["elevation"]) == pytest.approx((179, 62), abs=1)
    layout.month, layout.day = 2, 31  # there is no such day: the month's last
    assert layout_of(layout)["elevation"] == pytest.approx(30.5, abs=0.5)
    bpy.ops.object.light_add(type="SUN", rotation=(radians(60), 0, radians(180)))
    bpy.context.view_layer.update()
    bpy.ops.skyloom.layout_from_lamp()
    layout.hour = 9
    assert layout_of(layout)["elevation"] == pytest.approx(30, abs=0.02)


def test_every_angle_says_that_it_is_in_degrees(scene):
    """Numbers that may be 90 and more are angles here."""
    layout = scene.skyloom.direction.layout
    bpy.ops.skyloom.add_region()
    parts = (layout, scene.skyloom.direction.regions[0], scene.skyloom.direction.photos.add())
    angles = [p for part in parts for p in part.bl_rna.properties if p.type == "FLOAT" and p.hard_max >= 90]
    assert len(angles) == 16
    assert not [p.identifier for p in angles if not p.name.endswith("(°)")]


def test_layout_is_shown_in_the_world_which_is_only_lent(scene):
    own = scene.world
    assert bpy.ops.skyloom.preview_layout() == {"FINISHED"}
    image = extension("scene.sky_group").sky_image(scene.world.node_tree)
    pixels = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    assert scene.world != own and pixels[..., :3].std() > 0.05
    assert pixels[-20:, :, 2].mean() > pixels[-20:, :, 0].mean(), "the zenith is blue"
    first = image.session_uid
    scene.skyloom.direction.layout.elevation = 2
    for _ in range(5):
        assert bpy.ops.skyloom.preview_layout() == {"FINISHED"}
    assert extension("scene.sky_group").sky_image(scene.world.node_tree).session_uid != first
    extension("scene.live_preview").end(scene)
    assert scene.world == own
    assert not [image for image in bpy.data.images if image.name.startswith("Skyloom Preview")]
