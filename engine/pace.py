"""How far a generation is, and how long the rest will take if it goes on as it went."""

import time
from typing import TypedDict


class Place(TypedDict):
    """Parts of :class:`Progress`."""

    fraction: float
    seconds_left: float


class Pace:
    """Counts work on the way from the share *start* of the whole job to *end*. total: of the work, in units that take
    about as long: windows that are denoised, encoded or decoded, or bands that are drawn."""

    def __init__(self, total: int, start: float, end: float) -> None:
        self._total, self._start, self._end = total, start, end
        self._began, self._done = time.monotonic(), 0

    def after(self, work: int) -> Place:
        """Where *work* more leads."""
        self._done += work
        left = (time.monotonic() - self._began) / max(self._done, 1) * (self._total - self._done)
        return {"fraction": self._start + (self._end - self._start) * self._done / self._total, "seconds_left": left}
