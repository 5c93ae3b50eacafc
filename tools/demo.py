"""From a prompt to a rendered scene, on a machine that has Python 3.11 and nothing else.

    python3.11 tools/demo.py        # writes out/demo/

Standard library only; the engine and bpy run in their own environments.
"""

import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.debian import BPY_LIBRARIES, Unavailable, ensure  # noqa: E402
from tools.environments import make  # noqa: E402

PROMPT = "golden hour over a calm sea, scattered clouds"
SEED = "7"
FOLDER = ROOT / "out" / "demo"
RESULTS = {"panorama": "sky.exr", "preview": "sky.png", "scene": "sky.blend", "still": "still.png"}


def main() -> int:
    try:
        ensure(BPY_LIBRARIES)
    except Unavailable as error:
        # Another package manager may have brought the same libraries: let bpy itself find out.
        print(f"The demo {error}; going on without.", file=sys.stderr)
    try:
        engine, blender = make("engine"), make("blender-4_5")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for result in RESULTS.values():
            (FOLDER / result).unlink(missing_ok=True)
        sky = str(FOLDER / "sky.exr")
        run(str(engine), "-m", "engine", "generate", PROMPT, "--seed", SEED, "--out", sky)
        with open(FOLDER / "render.log", "w", encoding="utf-8") as log:  # Blender tells of every sample
            run(str(blender), "tools/demo_scene.py", sky, str(FOLDER), log=log)
    except subprocess.CalledProcessError as error:
        print(f"The demo stopped: {' '.join(error.cmd[:4])} ... ended with {error.returncode}.", file=sys.stderr)
        return 1
    for what, result in RESULTS.items():
        print(f"{what + ':':10}{(FOLDER / result).resolve(strict=True)}")
    return 0


def run(*command: str, log: IO[str] | None = None) -> None:
    print(f"$ {' '.join(command)}", flush=True)
    subprocess.run(command, check=True, cwd=ROOT, stdout=log)


if __name__ == "__main__":
    sys.exit(main())
