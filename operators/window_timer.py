"""A modal operator that looks after its work from a timer, and outlives the window that it was asked for in."""

from typing import ClassVar

import bpy


class WindowTimer:
    """What the operators share that return at once and then follow a process until it ends; one of each at a time.

    Blender ends a modal operator together with the window that it runs in. So they run in the window that the others
    belong to, which is the last to close.
    """

    tick: ClassVar[float]  # seconds between two looks at the process
    _timer: ClassVar[bpy.types.Timer | None] = None

    @classmethod
    def running(cls) -> bool:
        return cls._timer is not None

    def start_timer(self, context: bpy.types.Context) -> set[str]:
        """Let Blender call ``modal`` with a TIMER event at every tick; returns what the operator then returns."""
        manager, window = context.window_manager, context.window
        while window.parent:
            window = window.parent
        type(self)._timer = manager.event_timer_add(self.tick, window=window)
        with context.temp_override(window=window):
            manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    @classmethod
    def stop_timer(cls) -> None:
        if cls._timer:
            bpy.context.window_manager.event_timer_remove(cls._timer)
            cls._timer = None

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        self.stop_timer()

    @classmethod
    def unregister(cls) -> None:
        cls.stop_timer()  # Blender drops a modal operator whose class goes away, but not its timer
