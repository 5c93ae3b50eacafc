"""The display, touched and seen from inside Blender: X's mouse and keys, screenshots, and where a button is.

Every function that takes time is a generator, run with ``yield from`` by a step of a story: it yields the seconds to
wait, or a :class:`Until`, so that Blender's event loop goes on meanwhile.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

OUT = Path(os.environ["SKYLOOM_TEST_OUT"])
STORY = sys.argv[-1]
SKIES = OUT / "skies" / STORY
HEIGHT = 1100  # of the display
# The inner colour of operator buttons: the default theme's grey with a trace of blue, which only numpy sees.
MARK = (84, 84, 89)


@dataclass
class Until:
    """Wait until *condition* holds. The step gets its AssertionError, or after *seconds* a TimeoutError with *what*."""

    what: str
    condition: Callable[[], bool]
    seconds: float = 30


Wait = float | Until
Waiting = Generator[Wait, None, None]


def mark_buttons() -> None:
    """Give all operator buttons the colour by which :func:`find_button` finds them."""
    theme = bpy.context.preferences.themes[0].user_interface
    theme.wcol_tool.inner = (*(value / 255 for value in MARK), 1.0)


def xdotool(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)


def move(x: int, y: int) -> Waiting:
    xdotool("mousemove", x, y)
    yield 0.2


def click(x: int, y: int) -> Waiting:
    yield from move(x, y)
    xdotool("click", 1)
    yield 0.3


def press(key: str, x: int, y: int) -> Waiting:
    """Press *key* with the pointer at (x, y): Blender gives keys to the editor under the pointer."""
    yield from move(x, y)
    xdotool("key", key)
    yield 0.5


def area(kind: str) -> bpy.types.Area:
    """The first of *kind*, in any window."""
    windows = bpy.context.window_manager.windows
    return next(area for window in windows for area in window.screen.areas if area.type == kind)


def region(area_kind: str, region_kind: str) -> bpy.types.Region:
    return next(region for region in area(area_kind).regions if region.type == region_kind)


def box(region: bpy.types.Region) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of *region* in the display's pixels, y down."""
    windows = bpy.context.window_manager.windows
    window = next(window for window in windows for area in window.screen.areas if region in area.regions.values())
    left, bottom = window.x + region.x, HEIGHT - window.y - region.y
    return left, bottom - region.height, left + region.width, bottom


def viewport_point(across: float = 0.5, down: float = 0.5) -> tuple[int, int]:
    left, top, right, bottom = box(region("VIEW_3D", "WINDOW"))
    return int(left + across * (right - left)), int(top + down * (bottom - top))


def screenshot(name: str) -> Waiting:
    """Save the display as a picture named after the story and *name*."""
    yield from _grab(OUT / f"{STORY}-{name}.png")


def _grab(path: Path) -> Waiting:
    process = subprocess.Popen(["import", "-window", "root", "-depth", "8", str(path)])
    yield Until(f"a screenshot {path.name}", lambda: process.poll() is not None)
    assert process.returncode == 0, f"the screenshot {path.name} failed"


def pixels() -> Generator[Wait, None, np.ndarray]:
    path = Path("/tmp/display.ppm")
    yield from _grab(path)
    magic, size, depth, data = path.read_bytes().split(b"\n", 3)
    assert (magic, depth) == (b"P6", b"255"), (magic, size, depth)
    width, height = map(int, size.split())
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def settled(before: np.ndarray) -> Waiting:
    """Wait until the display shows something else than *before* and stays so, like a viewport that has rendered."""
    last, deadline = before, time.monotonic() + 90
    while True:
        yield 1.5
        shown = yield from pixels()
        if (shown == last).all() and (shown != before).any():
            return
        assert time.monotonic() < deadline, "the viewport did not come to rest"
        last = shown


def find_button(call: str, area_kind: str, region_kind: str) -> Generator[Wait, None, tuple[int, int] | None]:
    """Where the button is on the display whose command begins with *call*, such as ``skyloom.apply_panorama(``; it is
    scrolled into view if need be. None if the region has none.

    Candidates are the patches in the buttons' own colour. Which is which, Blender itself says: Ctrl-C over a button
    copies the Python command that it runs.
    """
    left, top, right, bottom = box(region(area_kind, region_kind))
    manager = bpy.context.window_manager
    for _scroll in range(3):
        yield from move((left + right) // 2, top + 5)  # a button under the pointer has another colour
        shown = yield from pixels()
        for x, y in patches((shown[top:bottom, left:right] == MARK).all(-1)):
            manager.clipboard = ""
            yield from press("ctrl+c", left + x, top + y)
            if manager.clipboard.startswith(f"bpy.ops.{call}"):
                return left + x, top + y
        yield from move((left + right) // 2, top + 5)
        xdotool("click", "--repeat", 10, 5)
        yield 0.5
    return None


def patches(mask: np.ndarray, least: int = 12) -> list[tuple[int, int]]:
    """Centres (x, y) of the True rectangles in *mask*, at least *least* pixels a side, with or without text in them."""
    return [
        ((x0 + x1) // 2, (y0 + y1) // 2)
        for y0, y1 in _runs(mask.sum(1) >= least, least)
        for x0, x1 in _runs(mask[y0:y1].any(0), least)
    ]


def _runs(line: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Start and end of the stretches of True in *line*."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], line, [False])).astype(np.int8))).tolist()
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= least]
