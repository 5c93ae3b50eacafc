"""The zip holds what runs and nothing else, and its manifest passes Blender's own check, tags included."""

import shutil
import tomllib
import zipfile

from conftest import ROOT, blender_tool


def test_is_valid(package):
    done = blender_tool("validate", package)
    assert done.returncode == 0, done.stdout + done.stderr


def test_validation_knows_the_tags(tmp_path):
    """World is no tag of Blender's: if this passes, the test above proves nothing about ours."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    (tmp_path / "blender_manifest.toml").write_text(manifest.replace('"Lighting"', '"World"'), encoding="utf-8")
    shutil.copy(ROOT / "__init__.py", tmp_path)
    assert blender_tool("validate", tmp_path).returncode != 0


def test_holds_what_runs_and_no_more(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert {"blender_manifest.toml", "__init__.py", "README.md", "LICENSE", "engine", "assets", "operators"} <= top
    assert not top & {"tests", "training", "tools", "benchmarks", "docs", "out", "dist", "Makefile", "pyproject.toml"}
    assert not [name for name in names if name.startswith(".") or "__pycache__" in name or "/." in name]
    assert package.stat().st_size < 30e6


def test_versions_agree():
    manifest, project = (
        tomllib.loads((ROOT / name).read_text(encoding="utf-8")) for name in ("blender_manifest.toml", "pyproject.toml")
    )
    assert manifest["version"] == project["project"]["version"]
    assert f'"{manifest["version"]}"' in (ROOT / "engine" / "__init__.py").read_text(encoding="utf-8")
