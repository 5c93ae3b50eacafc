"""A crew of workers on a Ray cluster, one per GPU. Workers die, and machines come and go; no row is lost by that."""

import logging
import math
import os
import time
from collections import Counter
from collections.abc import Generator, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ClusterLost, SkyloomError
from ..output.files import whole_file
from .crew import Outcome, model_of
from .lock import folder_mark
from .ray_cluster import Place, places, ray
from .ray_worker import SentFile, Worker
from .rows import Rows
from .shots import Shot

log = logging.getLogger(__name__)

_LOOK_EVERY = 5.0  # seconds between looks at which machines there are
_PATIENCE = 120.0  # seconds that a cluster may be without a place for a worker, as while its machines restart
_MOST_DEATHS = 3  # workers that one shot may cost; also how often a worker is tried at a place where none comes up
_AGAIN = "What was finished stays; run the same command again to go on."
_WORKER = ray.remote(Worker)


class RayCrew:
    """The workers of the cluster that this process is connected to; see :class:`Crew`."""

    here = False

    def make(self, shots: Sequence[Shot], folder: Path) -> Generator[tuple[Shot, float | Outcome]]:
        """Raises :class:`ClusterLost` if no machine is there to work on, or no worker starts on any."""
        shift = _Shift(shots, folder)
        try:
            yield from shift.work()
        except ray.exceptions.RayError as error:
            raise ClusterLost(f"The Ray cluster was lost ({_reason(error)}).", _AGAIN) from error
        finally:
            shift.end()


class _Hand:
    """A worker as the head sees it. answer: what it owes, None if nothing. shot: what it makes. warm: its model."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.actor = place.hire(_WORKER)
        self.answer: Any = self.actor.version.remote()
        self.shot: Shot | None = None
        self.warm: Hashable = None
        self.problem: Outcome | None = None  # why the files of its shot could not be kept

    def give(self, shot: Shot, folder: Path, mark: str) -> None:
        self.shot, self.warm, self.problem = shot, model_of(shot.job), None
        name = shot.exr.relative_to(folder).as_posix()
        streaming = self.actor.make.options(num_returns="streaming")
        self.answer = streaming.remote(shot.job.to_dict(), name, str(folder), mark)

    def answers(self) -> Any:
        """What is there of its answer, which must be something. Raises what went wrong with it."""
        return ray.get(next(self.answer) if self.shot else self.answer)


class _Shift:
    """One batch's time with the cluster: workers are hired, get shots, are heard, and are replaced when they die."""

    def __init__(self, shots: Sequence[Shot], folder: Path) -> None:
        self._folder, self._mark = folder, folder_mark(folder)
        self._rows, self._left = Rows(shots), len(shots)
        self._hands: list[_Hand] = []
        self._deaths: Counter[Path] = Counter()  # of workers, by what they made
        self._failures: Counter[Place] = Counter()  # of workers that never came up
        self._reason = ""  # of the last such failure
        self._looked, self._hopeful = -math.inf, time.monotonic()

    def work(self) -> Iterator[tuple[Shot, float | Outcome]]:
        while self._left:
            self._hire()
            for hand in self._answering():
                for shot, state in self._hear(hand):
                    self._left -= isinstance(state, Outcome)
                    yield shot, state
            self._give()

    def end(self) -> None:
        for hand in self._hands:
            ray.kill(hand.actor)

    def _hire(self) -> None:
        """A worker for each place that has none, but not more workers than shots."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        taken = {hand.place for hand in self._hands}
        for place in places(ray.nodes()):
            if place not in taken and self._failures[place] < _MOST_DEATHS and len(self._hands) < self._left:
                self._hands.append(_Hand(place))
        if self._hands:
            self._hopeful = now
        elif self._reason:
            raise ClusterLost(f"No worker starts on the Ray cluster ({self._reason}).", "See docs/farm.md.")
        elif now - self._hopeful > _PATIENCE:
            raise ClusterLost("The Ray cluster has no machine that can work.", _AGAIN)

    def _answering(self) -> list[_Hand]:
        """The workers that have something to say, after a second at the latest."""
        owing = {hand.answer: hand for hand in self._hands if hand.answer is not None}
        if not owing:
            time.sleep(1)
            return []
        ray.wait(list(owing), num_returns=1, timeout=1)
        ready, _ = ray.wait(list(owing), num_returns=len(owing), timeout=0)
        return [owing[answer] for answer in ready]

    def _hear(self, hand: _Hand) -> Iterator[tuple[Shot, float | Outcome]]:
        """Take in one answer of *hand*, and tell what it says of its shot."""
        shot = hand.shot
        try:
            heard = hand.answers()
        except ray.exceptions.RayTaskError as error:  # a bug, in the worker
            log.error("%s", error)
            heard = Outcome(status="failed", message=f"Something unexpected went wrong ({_reason(error)}).")
        except ray.exceptions.RayError as error:
            yield from self._lose(hand, _reason(error))
            return
        if not shot:
            self._welcome(hand, heard)
        elif isinstance(heard, SentFile):
            self._keep(hand, heard)
        elif isinstance(heard, Outcome):
            hand.shot = hand.answer = None
            yield shot, hand.problem or heard
        else:
            yield shot, heard

    def _welcome(self, hand: _Hand, version: Any) -> None:
        hand.answer = None
        if version == __version__:
            self._failures.pop(hand.place, None)
            return
        self._hands.remove(hand)
        ray.kill(hand.actor)
        self._failures[hand.place] = _MOST_DEATHS
        self._reason = f"the engine there is {version}, here it is {__version__}"

    def _lose(self, hand: _Hand, reason: str) -> Iterator[tuple[Shot, float | Outcome]]:
        log.warning("lost a worker at %s: %s", hand.place, reason)
        self._hands.remove(hand)
        ray.kill(hand.actor)  # it may only be out of reach
        self._looked = -math.inf  # its place may be free
        if not (shot := hand.shot):
            self._failures[hand.place] += 1
            self._reason = reason
            return
        self._deaths[shot.exr] += 1
        if self._deaths[shot.exr] < _MOST_DEATHS:
            self._rows.put_back(shot)
            yield shot, 0.0
        else:
            message = f"It cost {_MOST_DEATHS} workers their life ({reason})."
            yield shot, Outcome(status="failed", message=message, hint="Does it need more memory than a worker has?")

    def _keep(self, hand: _Hand, sent: SentFile) -> None:
        """Write a file of *hand*'s shot into the folder, unless one before it could not be written."""
        if hand.problem:
            return
        path = self._folder / sent.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as partial:
                partial.write_bytes(sent.content)
                os.utime(partial, ns=(sent.time, sent.time))
        except SkyloomError as error:
            hand.problem = Outcome(status="failed", message=error.message, hint=error.hint)
        except OSError as error:
            hand.problem = Outcome(status="failed", message=f"{path} could not be written ({error.strerror}).")

    def _give(self) -> None:
        """A shot for each worker that owes nothing, while there are any."""
        for hand in self._hands:
            if hand.answer is None:
                at = Counter(other.warm for other in self._hands if other.shot)
                if shot := self._rows.take(hand.warm, at):
                    hand.give(shot, self._folder, self._mark)


def _reason(error: Exception) -> str:
    """The last line of what Ray says: before it are its remedies and, for an exception, where that was raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__
