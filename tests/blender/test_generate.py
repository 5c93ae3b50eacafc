"""From the operator to the scene, on a real engine."""

from pathlib import Path

import bpy
import numpy as np
from conftest import extension


def generate(**arguments) -> Path:
    assert bpy.ops.skyloom.generate_panorama(**arguments) == {"FINISHED"}
    return Path(bpy.context.window_manager.skyloom.result)


def sky_of(world: bpy.types.World) -> bpy.types.NodeTree:
    return world.node_tree.nodes["Skyloom Sky"].node_tree


def environments_of(world: bpy.types.World) -> list[bpy.types.ShaderNodeTexEnvironment]:
    return [node for node in sky_of(world).nodes if node.type == "TEX_ENVIRONMENT"]


def image_of(world: bpy.types.World) -> bpy.types.Image:
    (image,) = {node.image for node in environments_of(world)}
    return image


def test_sets_the_world(scene, quick):
    result = generate(**quick)
    output = scene.world.node_tree.get_output_node("ALL")
    assert output.inputs["Surface"].links[0].from_node.node_tree == sky_of(scene.world)
    assert {node.projection for node in environments_of(scene.world)} == {"EQUIRECTANGULAR"}
    image = image_of(scene.world)
    assert Path(image.filepath) == result
    assert image.colorspace_settings.name == "Linear Rec.709"
    assert tuple(image.size) == (128, 64)
    assert image.is_float
    pixels = np.empty(128 * 64 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    assert np.isfinite(pixels).all() and pixels.std() > 0
    status = bpy.context.window_manager.skyloom
    assert not status.running and not status.error and status.fraction == 1.0


def test_old_world_is_kept(scene, quick):
    old = scene.world
    generate(**quick)
    assert scene.world != old
    assert old.use_fake_user


def test_scene_without_a_world(scene, quick):
    scene.world = None
    generate(**quick)
    assert image_of(scene.world)


def test_regenerating_leaves_the_older_sky_alone(scene, quick, tmp_path):
    out = str(tmp_path / "sky.exr")
    generate(**quick, out=out)
    first = image_of(scene.world)
    before = np.array(first.pixels)
    generate(**quick | {"seed": 8}, out=out)
    second = image_of(scene.world)
    assert second != first
    assert np.array_equal(np.array(first.pixels), before)
    assert not np.array_equal(np.array(second.pixels), before)


def test_applying_the_same_file_twice_shares_image_and_world(scene, pattern):
    path, _ = pattern
    bpy.ops.skyloom.apply_panorama(filepath=str(path))
    bpy.ops.skyloom.apply_panorama(filepath=str(path))
    assert len([image for image in bpy.data.images if image.filepath]) == 1
    assert len({world.name for world in bpy.data.worlds}) == 2


def test_a_sky_is_set_without_loading_its_pixels(scene, pattern):
    """For as long as that takes Blender does nothing else: two seconds, for the largest."""
    path, pixels = pattern
    bpy.ops.skyloom.apply_panorama(filepath=str(path))
    image = image_of(scene.world)
    assert extension("scene.images").size_of(image) == (128, 64)
    assert not image.has_data
    assert np.array_equal(np.array(image.pixels).reshape(64, 128, 4)[..., :3], pixels)


def test_the_scene_settings_are_used_where_no_argument_is_given(scene, quick):
    settings = scene.skyloom
    settings.prompt = "fog over a lake"
    settings.seed, settings.use_random_seed = 11, False
    settings.model, settings.steps, settings.coherence = quick["model"], 2, "OFF"
    generate(width=128)
    assert bpy.context.window_manager.skyloom.result.endswith("fog-over-a-lake-11.exr")


def test_random_seed_is_shown_afterwards(scene, quick):
    del quick["seed"]
    scene.skyloom.use_random_seed = True
    scene.skyloom.seed = 0
    result = generate(**quick)
    assert result.stem.endswith(f"-{scene.skyloom.seed}")


def test_same_seed_same_picture(scene, quick):
    first, second = (generate(**quick) for _ in range(2))
    assert first != second, "an older sky was overwritten"
    assert first.read_bytes() == second.read_bytes()


def test_output_beside_a_saved_file_is_relative(scene, quick, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    result = generate(**quick)
    assert result.parent == tmp_path / "skies"
    assert image_of(bpy.context.scene.world).filepath == f"//skies/{result.name}"


def test_output_of_an_unsaved_file_goes_to_the_user_folder(scene, quick):
    result = generate(**quick)
    assert result.is_relative_to(bpy.utils.resource_path("USER"))


def test_output_folder_of_the_preferences(scene, quick, preferences, tmp_path):
    preferences.output_folder = str(tmp_path / "kept here")
    assert generate(**quick).parent == tmp_path / "kept here"


def test_settings_survive_saving(scene, tmp_path):
    scene.skyloom.prompt = "🌅 dawn"
    scene.skyloom.width = "2048"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert (bpy.context.scene.skyloom.prompt, bpy.context.scene.skyloom.width) == ("🌅 dawn", "2048")


def test_prompt_with_newlines_emoji_and_great_length(scene, quick):
    quick["prompt"] = "🌅 dawn\nover\tmountains " + "and clouds " * 900
    generate(**quick)
    assert image_of(scene.world).filepath.endswith("-7.exr")


def test_bundled_model(scene):
    generate(prompt="golden hour over a calm sea", steps=2, coherence="OFF", seed=1)
    assert image_of(scene.world).size[0] >= 256


def test_a_sky_larger_than_it_was_composed(scene, quick):
    scene.skyloom.other = '{"base_width": 128}'
    generate(**quick | {"width": 256})
    assert tuple(image_of(scene.world).size) == (256, 128)


def test_every_size_can_be_asked_for(scene):
    sizes = [int(value) for value, _, _ in extension("properties").SIZES]
    assert sizes[0] == 0 and sizes[1:] == sorted(sizes[1:]) and sizes[-1] == 8192
    for size in sizes[1:]:
        scene.skyloom.width = str(size)
        assert extension("engine.job").Job(prompt="a", width=size).width == size
