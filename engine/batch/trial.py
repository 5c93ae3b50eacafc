"""How many rows side by side are made fastest is found out on the rows themselves."""

from collections.abc import Iterable


class Trial:
    """Makes each number of *counts* twice, because the first time may bring its own set-up, and then keeps to the one
    that took the least time for a row."""

    def __init__(self, counts: Iterable[int]) -> None:
        self._seconds: dict[int, list[float]] = {count: [] for count in counts}

    @property
    def count(self) -> int:
        """How many rows to make next."""
        untried = (count for count, seconds in self._seconds.items() if len(seconds) < 2)
        return next(untried, None) or min(self._seconds, key=lambda count: min(self._seconds[count]))

    def took(self, count: int, seconds: float) -> None:
        """*count* rows were made in *seconds*. The last rows of a list, if they are fewer, tell nothing."""
        if count in self._seconds:
            self._seconds[count].append(seconds / count)
