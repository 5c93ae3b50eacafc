"""Install, enable, disable, uninstall, leave: each in a Blender of its own, which must end well."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import MODULE, NANO
from processes import engine_processes

START = f"""
import sys
import bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=False)
bpy.ops.preferences.addon_enable(module={MODULE!r})
def generate(**more):
    return bpy.ops.skyloom.generate_panorama(
        **dict(prompt="a storm", model={str(NANO)!r}, width=128, steps=2, coherence="OFF", seed=1) | more)
"""


@pytest.fixture
def blender(package, tmp_path):
    """Starts a script in a fresh Blender with the extension installed and enabled."""
    started = []

    def start(script: str, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", START + script, str(package), *arguments],
            env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "resources")},
            stdin=subprocess.PIPE,  # held open until finish(), whatever the tests themselves were given
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen) -> str:
    """The output of a Blender that ended by itself, and well."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "Traceback" not in output
    return output


def test_disabling_ends_the_engine_and_uninstalling_leaves_nothing(blender):
    script = f"""
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from processes import engine_processes
assert generate() == {{"FINISHED"}}
assert engine_processes()
result = bpy.context.window_manager.skyloom.result
bpy.ops.preferences.addon_disable(module={MODULE!r})
assert not engine_processes()
assert not hasattr(bpy.types.Scene, "skyloom") and not hasattr(bpy.types.WindowManager, "skyloom")
assert not [name for name in dir(bpy.types) if "SKYLOOM" in name]
bpy.ops.preferences.addon_enable(module={MODULE!r})
assert bpy.ops.skyloom.generate_panorama.poll()
repositories = bpy.context.preferences.extensions.repos
index = [repository.module for repository in repositories].index("user_default")
bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="skyloom")
assert {MODULE!r} not in bpy.context.preferences.addons
assert not (Path(bpy.utils.user_resource("EXTENSIONS")) / "user_default" / "skyloom").exists()
assert Path(result).exists(), "the artist's skies went with the extension"
print("all well")
"""
    assert "all well" in finish(blender(script, str(Path(__file__).parent)))


def test_leaving_with_a_warm_engine(blender, tmp_path):
    process = blender('generate()\nprint("ready", flush=True)\nsys.stdin.readline()')
    while process.stdout.readline().strip() != "ready":
        assert process.poll() is None
    (engine,) = engine_processes(process.pid)
    finish(process)
    assert ends(engine)


def test_blender_killed_in_the_middle(blender, tmp_path):
    out = tmp_path / "sky.exr"
    process = blender("generate(steps=900, out=sys.argv[2])", str(out))
    while not process.stdout.readline().startswith("Skyloom: Step"):
        assert process.poll() is None
    (engine,) = engine_processes(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    assert ends(engine)
    assert not out.exists() and not out.with_suffix(".png").exists()


def ends(process: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{process}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
