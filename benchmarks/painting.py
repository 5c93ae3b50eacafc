"""What a click on Paint Area and one on Edit Painted Area take of Blender's window, by the sky's size.

    BPY_PYTHON -m benchmarks.painting SKY.exr...

Milliseconds of the processor in the bpy module, the longest of three times. Between two pieces the window has its turn;
what threads do, they do beside it. Blender loads the painting when it shows it: that is its own work.
"""

import sys
import time
from collections.abc import Callable, Generator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tools.set_pictures import MODULE, bpy, install, np

TIMES = 3
PARTS = ("begin to paint", "Blender loads the painting", "first piece", "read the painting", "read the sky", "threads")

Pieces = Generator[Callable[[], Any] | None, Any, Any]


def scene_module(name: str) -> Any:
    return import_module(f"{MODULE}.scene.{name}")


def taken(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that *call* takes, and its result."""
    start = time.process_time()
    result = call()
    return 1e3 * (time.process_time() - start), result


def played(pieces: Pieces) -> tuple[list[float], float, Any]:
    """Milliseconds of each of *pieces*, those of what they hand to threads, and their result."""
    own, beside, made = [], 0.0, None

    def piece() -> tuple[Callable[[], Any] | None, Any]:
        try:
            return pieces.send(made), None
        except StopIteration as end:
            return None, end.value

    while True:
        spent, (work, result) = taken(piece)
        own.append(spent)
        if work is None:
            return own, beside, result
        spent, made = taken(work)
        beside += spent


def clicks(exr: str) -> list[float]:
    """Paint over a part of *exr*, and find which; milliseconds of each of PARTS."""
    painting, pixels = scene_module("painting"), scene_module("pixels")
    shrink = import_module(f"{MODULE}.operators.paint_edit").shrink
    environment = import_module(f"{MODULE}.engine.environment")
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.ops.skyloom.apply_panorama(filepath=exr)
    sky = scene_module("world").world_panorama(bpy.context.scene.world)
    log = Path(bpy.utils.resource_path("USER")) / "engine.log"
    begin, _, image = played(painting.new_painting(sky, partial(shrink, environment.find_engine_python(), log)))
    load, _ = taken(lambda: image.size[0])
    stroke = pixels.pixels_of(image)
    stroke[100:300, 100:300, :3] = painting.COLOUR
    image.pixels.foreach_set(stroke.ravel())
    own, beside, to_mask = played(painting.painted_mask(sky))
    last, _ = taken(lambda: pixels.png(to_mask().astype(np.uint8) * 255))
    return [max(begin), load, *own, beside + last]


def main() -> int:
    if len(sys.argv) == 1:
        print(__doc__, file=sys.stderr)
        return 2
    install()
    print(f"Blender {bpy.app.version_string}\n| | {' | '.join(PARTS)} |\n|{'---|' * (1 + len(PARTS))}")
    for exr in sys.argv[1:]:
        longest = [max(times) for times in zip(*(clicks(exr) for _ in range(TIMES)), strict=True)]
        print(f"| {exr} | {' | '.join(f'{number:.0f}' for number in longest)} |", flush=True)
    bpy.ops.preferences.addon_disable(module=MODULE)  # Blender 4.2 crashes at exit with an extension's classes left
    return 0


if __name__ == "__main__":
    sys.exit(main())
