"""The world's sky as the files of a cube map, written by the engine."""

from pathlib import Path

import bpy
import pytest
from conftest import extension


@pytest.fixture
def sky(scene, pattern) -> Path:
    bpy.ops.skyloom.apply_panorama(filepath=str(pattern[0]), target="WORLD")
    return pattern[0]


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in sorted(folder.iterdir()):
        image = bpy.data.images.load(str(path))
        found[path.name] = tuple(image.size)
        bpy.data.images.remove(image)
    return found


def test_six_faces_and_a_strip(sky, tmp_path):
    folder = tmp_path / "faces"
    assert bpy.ops.skyloom.export_cube_map(directory=str(folder)) == {"FINISHED"}
    assert sizes(folder) == {f"pattern_{name}.exr": (32, 32) for name in ("nx", "ny", "nz", "px", "py", "pz")}
    folder = tmp_path / "strip"
    done = bpy.ops.skyloom.export_cube_map(directory=str(folder), arrangement="STRIP", file_format="PNG", size=24)
    assert done == {"FINISHED"}
    assert sizes(folder) == {"pattern_cube.png": (144, 24)}


def test_what_goes_wrong_is_said(sky, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(RuntimeError, match="cannot be made"):
        bpy.ops.skyloom.export_cube_map(directory=str(blocked / "faces"))
    sky.unlink()
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.skyloom.export_cube_map(directory=str(tmp_path))


def test_needs_a_sky(scene):
    assert extension("scene.world").world_panorama(scene.world) is None
    assert not bpy.ops.skyloom.export_cube_map.poll()
