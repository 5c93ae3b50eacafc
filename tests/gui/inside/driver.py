"""Inside a Blender window: plays the steps of one story, one after the other, and writes down what each saw.

The last word on the command line names the story: a module beside this file with ``STEPS``, generator functions that
fill the dictionary they are given. A step that fails is written down as such, and the next one still runs.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Generator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from screen import OUT, STORY, Until, mark_buttons, screenshot

TICK = 0.05


class Driver:
    """Advances the story from one of Blender's timers; its calls are the proof that the window is alive."""

    def __init__(self) -> None:
        self.records: list[dict] = []
        self.ticks: list[float] = []
        self.resume_at = 0.0
        self.until: Until | None = None
        self.play = self._play()

    def tick(self) -> float:
        try:
            self._tick(time.monotonic())
        except BaseException:  # without its timer the window would stand idle until the time limit
            traceback.print_exc()
            os._exit(9)
        return TICK

    def _tick(self, now: float) -> None:
        self.ticks.append(now)
        try:
            if self.until and not self.until.condition():
                if now > self.resume_at:
                    raise TimeoutError(f"waited {self.until.seconds:g} s in vain for {self.until.what}")
            elif self.until or now > self.resume_at:
                self._advance(None)
        except (AssertionError, TimeoutError) as problem:
            self._advance(problem)

    def _advance(self, problem: Exception | None) -> None:
        self.until = None
        wait = self.play.throw(problem) if problem else next(self.play)
        self.until = wait if isinstance(wait, Until) else None
        self.resume_at = time.monotonic() + (wait.seconds if isinstance(wait, Until) else wait)

    def _play(self) -> Generator[float | Until, None, None]:
        yield 1.0
        for step in importlib.import_module(STORY).STEPS:
            saw: dict = {}
            record = {"step": step.__name__, "saw": saw, "problem": ""}
            self.records.append(record)
            start = time.monotonic()
            try:
                yield from step(saw)
            except Exception:  # whatever it was, the test of this step shows it; the other steps shall have their turn
                record["problem"] = traceback.format_exc()
                yield from screenshot(f"{step.__name__}-problem")
            record["ticks"] = [tick - start for tick in self.ticks if tick >= start]
            print(f"{step.__name__}: {time.monotonic() - start:.1f} s {record['problem']}", flush=True)
            (OUT / f"{STORY}.json").write_text(json.dumps(self.records), encoding="utf-8")
        bpy.ops.wm.quit_blender()
        yield 60  # Blender quits when this timer has returned


mark_buttons()
bpy.app.timers.register(Driver().tick, first_interval=1.0, persistent=True)
