"""An operator whose work is cut into pieces: between two of them Blender's window has its turn."""

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

import bpy

from ..engine.errors import SkyloomError
from ..panels.redraw import redraw
from .window_timer import WindowTimer


class InPieces(WindowTimer):
    """Does in a window what :meth:`pieces` says bit by bit, the first bit at the click; without a window all at once.

    Esc stops it, and so does what takes its window or its file away.
    """

    tick: ClassVar[float] = 0.01

    def pieces(self, context: bpy.types.Context, how: str) -> Generator[Callable[[], Any] | None, Any, set[str]]:
        """What is to be done, to its result. What it yields, if anything, is done beside Blender by a thread, and may
        touch nothing of Blender's; what that returns or raises comes out of the ``yield``. Meanwhile the artist may
        undo or delete what it works on, so it keeps identifiers across a ``yield``, not datablocks.

        how: other operators are called, ``INVOKE_DEFAULT`` or ``EXEC_DEFAULT``. Raises SkyloomError, OSError or
        RuntimeError, which are reported.
        """
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self._begin(context, "INVOKE_DEFAULT")
        return self._go_on() or self.start_timer(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER" or not self._beside.done():
            return {"PASS_THROUGH"}
        result = self._go_on()
        if result:
            self.stop_timer()
            redraw(context.window_manager)
        return result or {"PASS_THROUGH"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._begin(context, "EXEC_DEFAULT")
        while not (result := self._go_on()):
            pass
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        super().cancel(context)
        self._pieces.close()

    def _begin(self, context: bpy.types.Context, how: str) -> None:
        self._pieces = self.pieces(context, how)
        self._beside = _done()

    def _go_on(self) -> set[str] | None:
        """Do the next piece; the result after the last. Waits for the thread."""
        try:
            if problem := self._beside.exception():
                work = self._pieces.throw(problem)
            else:
                work = self._pieces.send(self._beside.result())
        except StopIteration as end:
            return end.value
        except (SkyloomError, OSError, RuntimeError) as error:
            self.report({"ERROR"}, str(error).strip())
            return {"CANCELLED"}
        self._beside = _in_thread(work) if work else _done()
        return None


def _done() -> "Future[Any]":
    nothing: Future[Any] = Future()
    nothing.set_result(None)
    return nothing


def _in_thread(work: Callable[[], Any]) -> "Future[Any]":
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)  # the thread ends with the work
    return future
