"""Runs in the Debian tree: a display, the extension installed, one Blender window per story, and what outlives it.

    python3 session.py OUT ZIP STORY...

Leaves in OUT, for each story: STORY.json (what the driver saw), STORY.after.json (what Blender left),
STORY.log and the screenshots; and eevee.json, what EEVEE shows under two skies. Standard library only.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

INSIDE = Path(__file__).resolve().parent / "inside"
DISPLAY = ":1"
SIZE = (1600, 1100)
STORY_SECONDS = 480
WATCH_SECONDS = 20


def main() -> int:
    out, extension, *stories = sys.argv[1:]
    os.environ |= {
        "DISPLAY": DISPLAY,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "XDG_RUNTIME_DIR": "/tmp/run",
        "BLENDER_USER_RESOURCES": f"{out}/user",  # on the disk: an engine is several gigabytes
        "SKYLOOM_TEST_OUT": out,
    }
    Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)
    start_display(Path(out))
    install(extension)
    for story in stories:
        run(story, Path(out))
    cast_shadows(Path(out))
    # Where sudo was needed to come here, the files shall still belong to who called.
    return subprocess.run(["chown", "-R", f"--reference={out}", out]).returncode


def start_display(out: Path) -> None:
    screen = f"{SIZE[0]}x{SIZE[1]}x24"
    with open(out / "display.log", "wb") as log:
        subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", screen, "-nolisten", "tcp"], stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while subprocess.run(["xdpyinfo"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise SystemExit("The virtual display did not start; see display.log.")
        time.sleep(0.2)


def install(extension: str) -> None:
    """Install and enable the zip as a user's Blender would hold it, with the splash screen off."""
    script = ["--python-exit-code", "3", "--python", str(INSIDE / "install.py"), "--", extension]
    done = subprocess.run(["blender", "--background", *script], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The extension could not be installed:\n{done.stdout}\n{done.stderr}")


def run(story: str, out: Path) -> None:
    geometry = ["--no-window-focus", "--window-geometry", "0", "0", str(SIZE[0]), str(SIZE[1])]
    command = ["blender", *geometry, "--python-exit-code", "7", "--python", str(INSIDE / "driver.py"), "--", story]
    with open(out / f"{story}.log", "wb") as log:
        status = subprocess.run(["timeout", "-k", "5", str(STORY_SECONDS), *command], stdout=log, stderr=log).returncode
    after = {"status": status, "engine_ended": wait_for_engine()}
    (out / f"{story}.after.json").write_text(json.dumps(after), encoding="utf-8")


def cast_shadows(out: Path) -> None:
    """EEVEE needs OpenGL, but no window."""
    script = ["--python-exit-code", "3", "--python", str(INSIDE / "eevee.py"), "--", str(out / "eevee.json")]
    command = ["timeout", "-k", "5", str(STORY_SECONDS), "blender", "--background", *script]
    with open(out / "eevee.log", "wb") as log:
        subprocess.run(command, stdout=log, stderr=log)


def wait_for_engine() -> bool:
    """Whether no engine process is left some time after Blender's end."""
    end = time.monotonic() + WATCH_SECONDS
    while engine_processes() and time.monotonic() < end:
        time.sleep(0.1)
    return not engine_processes()


def engine_processes() -> dict[int, str]:
    """Command lines of the engines in this process namespace, by their number: it holds this run's and no others."""
    lines = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # it ended between the listing and the reading
                continue
    return {number: line for number, line in lines.items() if " -m engine " in line}


if __name__ == "__main__":
    sys.exit(main())
