"""What a click on Paint Area and one on Edit Painted Area take of Blender's window, by the sky's size.

    BPY_PYTHON -m benchmarks.painting SKY.exr...

Milliseconds of the processor in the bpy module, the longest of three times. Between two pieces of an edit the window
has its turn; what threads do, they do beside it. Blender loads the painting when it shows it: that is its own work.
"""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from tools.set_pictures import MODULE, bpy, install, np

TIMES = 3
PARTS = ("begin to paint", "Blender loads the painting", "first piece", "read the painting", "read the sky", "threads")


def scene_module(name: str) -> Any:
    return import_module(f"{MODULE}.scene.{name}")


def taken(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that *call* takes, and its result."""
    start = time.process_time()
    result = call()
    return 1e3 * (time.process_time() - start), result


def clicks(exr: str) -> list[float]:
    """Paint over a part of *exr*, and find which; milliseconds of each of PARTS."""
    painting, pixels = scene_module("painting"), scene_module("pixels")
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.ops.skyloom.apply_panorama(filepath=exr)
    sky = scene_module("world").world_panorama(bpy.context.scene.world)
    begin, _ = taken(bpy.ops.skyloom.paint_edit)
    image = painting.painted_image(sky)
    load, _ = taken(lambda: image.size[0])
    stroke = pixels.pixels_of(image)
    stroke[100:300, 100:300, :3] = painting.COLOUR
    image.pixels.foreach_set(stroke.ravel())
    own, beside, made = [], 0.0, None

    def mask() -> Any:
        """A piece more, and what it hands to a thread."""
        try:
            return pieces.send(made)
        except StopIteration as end:
            to_mask = end.value
            return lambda: pixels.png(to_mask().astype(np.uint8) * 255)

    pieces = painting.painted_mask(sky)
    while not isinstance(made, bytes):
        spent, work = taken(mask)
        own.append(spent)
        spent, made = taken(work)
        beside += spent
    return [begin, load, *own, beside]


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
