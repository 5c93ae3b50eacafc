"""What the artist keeps for later: presets of settings, styles, and worlds as assets in a library."""

from pathlib import Path

import bpy
import pytest
from conftest import extension


def test_own_preset(scene):
    settings = scene.skyloom
    settings.prompt, settings.style, settings.stride = "fog over a lake", "mist", 3
    settings.quality, settings.seed = "draft", 11
    settings.lora, settings.lora_scale, settings.sky_only = "360-sd15", 0.5, True
    assert bpy.ops.skyloom.add_preset(name="Lake") == {"FINISHED"}
    (file,) = (Path(folder) / "Lake.py" for folder in bpy.utils.preset_paths("skyloom"))
    for name in ("prompt", "style", "stride", "quality", "seed", "lora", "lora_scale", "sky_only"):
        settings.property_unset(name)
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname="SKYLOOM_PT_presets")
    assert (settings.prompt, settings.style, settings.stride) == ("fog over a lake", "mist", 3)
    assert (settings.quality, settings.seed) == ("draft", 0)
    assert (settings.lora, settings.lora_scale, settings.sky_only) == ("360-sd15", 0.5, True)
    bpy.types.SKYLOOM_PT_presets.bl_label = "Lake"  # what choosing it in the window leaves there
    assert bpy.ops.skyloom.add_preset(name="Lake", remove_name=True) == {"FINISHED"}
    assert not file.exists()


def test_own_preset_keeps_the_direction(scene, tmp_path):
    direction = scene.skyloom.direction
    direction.begin, direction.layout.clouds, direction.layout.azimuth = "LAYOUT", "cirrus", 123.5
    for prompt in ("storm clouds", "fog"):
        direction.regions.add().prompt = prompt
    direction.photos.add().file = str(tmp_path / "pier.jpg")
    assert bpy.ops.skyloom.add_preset(name="Shot") == {"FINISHED"}
    (file,) = (Path(folder) / "Shot.py" for folder in bpy.utils.preset_paths("skyloom"))
    direction.begin, direction.layout.clouds, direction.layout.azimuth = "NOISE", "few", 90.0
    direction.regions.remove(0)
    direction.photos.clear()
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname="SKYLOOM_PT_presets")
    assert (direction.begin, direction.layout.clouds, direction.layout.azimuth) == ("LAYOUT", "cirrus", 123.5)
    assert [region.prompt for region in direction.regions] == ["storm clouds", "fog"]
    assert [photo.file for photo in direction.photos] == [str(tmp_path / "pier.jpg")]
    assert "bpy.data" not in file.read_text(), "what other files do not have"
    file.unlink()


def test_style_is_added_to_the_prompt(scene, quick):
    style = extension("styles").STYLES["storm"]
    bpy.ops.skyloom.generate_panorama(**quick | {"prompt": "over the sea", "negative": "birds", "style": "storm"})
    job = extension("history").sky_at(Path(bpy.context.window_manager.skyloom.result)).job
    assert job["prompt"] == f"over the sea, {style.prompt}"
    assert job["negative"] == f"birds, {style.negative}"


def test_every_style_can_be_chosen_by_its_picture(scene):
    pictures = set()
    for key, style in extension("styles").STYLES.items():
        scene.skyloom.style = key
        image = bpy.data.images.load(str(style.picture))
        assert tuple(image.size) == (128, 128)
        pictures.add(style.picture.read_bytes())
    assert len(pictures) == len(extension("styles").STYLES)


@pytest.fixture
def library(tmp_path):
    """A new, empty asset library, the first in the preferences."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    for library in list(libraries):
        libraries.remove(library)
    (tmp_path / "library").mkdir()
    yield libraries.new(name="Mine", directory=str(tmp_path / "library"))
    libraries.remove(libraries["Mine"])


def test_world_becomes_an_asset_for_other_files(scene, quick, library, tmp_path):
    sky = tmp_path / "sky.exr"
    bpy.ops.skyloom.generate_panorama(**quick, out=str(sky))
    scene.world.node_tree.nodes["Skyloom Sky"].inputs["Rotation"].default_value = 1.25
    name, counts = scene.world.name, [len(data) for data in (bpy.data.worlds, bpy.data.images, bpy.data.node_groups)]
    for _ in range(2):  # the second one gets a file of its own, and the same catalogue
        arguments = {"author": "Ada", "tags": "sky, storm", "catalogue": "Skies/Storms: loud"}
        assert bpy.ops.skyloom.save_as_asset(**arguments) == {"FINISHED"}
    assert scene.world.name == name and not scene.world.asset_data
    assert [len(data) for data in (bpy.data.worlds, bpy.data.images, bpy.data.node_groups)] == counts
    first, second = sorted(Path(library.path).rglob("*.blend"), key=lambda path: len(path.name))
    catalogues = (Path(library.path) / "blender_assets.cats.txt").read_text().splitlines()
    (line,) = (line for line in catalogues if ":Skies/Storms- loud:" in line)
    sky.unlink()

    bpy.ops.wm.read_homefile(use_factory_startup=True)
    with bpy.data.libraries.load(str(first), assets_only=True) as (there, here):
        assert list(there.worlds) == [name]
        here.worlds = there.worlds
    (world,) = here.worlds
    about = world.asset_data
    assert (about.author, about.description, about.catalog_id) == ("Ada", "a storm", line.partition(":")[0])
    assert {tag.name for tag in about.tags} == {"sky", "storm"}
    assert world.preview and any(world.preview.image_pixels)
    assert world.node_tree.nodes["Skyloom Sky"].inputs["Rotation"].default_value == 1.25
    image = extension("scene.world").world_panorama(world)
    assert tuple(image.size) == (128, 64) and len(image.pixels) == 128 * 64 * 4, "the picture is not in the asset"
    assert second.exists()


def test_asset_without_a_sky_or_a_library(scene, quick, library, tmp_path):
    with pytest.raises(RuntimeError, match="not a sky from Skyloom"):
        bpy.ops.skyloom.save_as_asset()
    bpy.ops.skyloom.generate_panorama(**quick)
    with pytest.raises(RuntimeError, match="no asset library Elsewhere"):
        bpy.ops.skyloom.save_as_asset(library="Elsewhere")
    library.path = "/dev/null/library"
    with pytest.raises(RuntimeError, match="cannot be saved"):
        bpy.ops.skyloom.save_as_asset()
    path, libraries = library.path, bpy.context.preferences.filepaths.asset_libraries
    libraries.remove(library)
    with pytest.raises(RuntimeError, match="add one in the preferences"):
        bpy.ops.skyloom.save_as_asset()
    libraries.new(name="Mine", directory=path)  # for the fixture to remove
