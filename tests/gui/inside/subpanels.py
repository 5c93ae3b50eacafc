"""Sub-panels that are open: the window remembers by their names which panels are closed, so these get others."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import bpy

SIDEBAR = "SKYLOOM_PT_sidebar_"
_numbers = count()


Seconds = list[tuple[float, float]]  # per call: by the clock, and of the processor, for all threads of Blender


def timed(function: Callable, seconds: Seconds) -> Callable:
    """*function* of two parameters, which Blender counts, such that *seconds* get what each call takes."""

    def call(owner: object, context: object) -> object:
        start = time.perf_counter(), time.process_time()
        try:
            return function(owner, context)
        finally:
            seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))

    return call


def timed_call(own: Callable, seconds: Seconds) -> Callable:
    """The method *own* of an operator, such that *seconds* get what each call takes."""
    clock = timed(lambda event, call: call(event), seconds)
    return lambda self, context, event: clock(event, lambda event: own(self, context, event))


@contextmanager
def opened(*names: str, seconds: dict[str, Seconds] | None = None) -> Iterator[None]:
    """Let the sidebar's sub-panels *names* be open and its others closed. seconds: gets those that each drawing takes,
    by the panel's label."""
    module = sys.modules["bl_ext.user_default.skyloom.panels"]
    panels = [panel for panel in module.classes if panel.__name__.startswith(SIDEBAR)]
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    mark, shown = f"_{next(_numbers)}", []
    known = {panel.__name__ for panel in panels}
    for panel in panels:
        own = {name: value for name, value in vars(panel).items() if name in ("bl_label", "bl_parent_id", "draw")}
        if own["bl_parent_id"] in known:
            own["bl_parent_id"] += mark
        if seconds is not None:
            own["draw"] = timed(panel.draw, seconds.setdefault(panel.bl_label, []))
        is_open = panel.__name__.removeprefix(SIDEBAR) in names
        own["bl_options"] = set() if is_open else {"DEFAULT_CLOSED"}
        shown.append(type(panel.__name__ + mark, panel.__bases__, own))
        bpy.utils.register_class(shown[-1])
    try:
        yield
    finally:
        for panel in reversed(shown):
            bpy.utils.unregister_class(panel)
        for panel in panels:
            bpy.utils.register_class(panel)
