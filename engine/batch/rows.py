"""Which shot a worker gets that has nothing to do."""

from collections import Counter, deque
from collections.abc import Hashable, Iterable

from .crew import model_of
from .shots import Shot


class Rows:
    """The shots that wait. A worker gets those of the model that it has warm, as long as there are any."""

    def __init__(self, shots: Iterable[Shot]) -> None:
        self._waiting: dict[Hashable, deque[Shot]] = {}
        for shot in shots:
            self._waiting.setdefault(model_of(shot.job), deque()).append(shot)

    def take(self, warm: Hashable, at: Counter[Hashable]) -> Shot | None:
        """The next shot for a worker whose model is *warm*, or None if no shot waits.

        Where another model must be loaded, it is the one with most shots per worker *at* it, the list's first of these.
        """
        waiting = {model: shots for model, shots in self._waiting.items() if shots}
        if not waiting:
            return None
        model = warm if warm in waiting else max(waiting, key=lambda model: len(waiting[model]) / (1 + at[model]))
        return waiting[model].popleft()

    def put_back(self, shot: Shot) -> None:
        """It is the next one of its model."""
        self._waiting[model_of(shot.job)].appendleft(shot)
