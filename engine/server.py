"""The engine's end of the pipe: one process, one model kept warm, one generation at a time."""

import json
import logging
import os
import queue
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import IO, Any, NoReturn

from . import __version__, checks
from .devices import choose_device
from .errors import BadRequest, GenerationFailed, SkyloomError
from .job import Job
from .job_parts import Layout, part
from .models.loading import WarmModel
from .pipeline import generate
from .preview import preview_of
from .protocol import Cancelled, Event, Failure, Ready, Result
from .start.layout import draw

log = logging.getLogger(__name__)

MOST_ROWS = 1024  # of a layout's preview: it goes through a pipe
PARK_SECONDS = 60.0  # without a request; after that the model leaves the card, which a renderer may want
IDLE_SECONDS = 600.0  # after that its memory is given back as well
GRACE_SECONDS = 3.0  # what a running step gets to end by itself once stdin has closed


def serve(requests: IO[str], replies: IO[str]) -> NoReturn:
    """Answer requests (see :mod:`engine.protocol`) until *requests* ends, and the process with it."""
    _Server(replies).run(requests)


class _Server:
    def __init__(self, replies: IO[str]) -> None:
        # Libraries that print must not speak between the events: they get stderr as their stdout.
        self._replies = os.fdopen(os.dup(replies.fileno()), "w", encoding="utf-8")
        os.dup2(2, replies.fileno())
        self._jobs: queue.SimpleQueue[tuple[dict[str, Any], threading.Event] | None] = queue.SimpleQueue()
        self._stop = threading.Event()  # of the newest request
        self._models = WarmModel()

    def run(self, requests: IO[str]) -> NoReturn:
        threading.Thread(target=self._read, args=(requests,), name="requests", daemon=True).start()
        self._say(Ready(version=__version__, device=str(choose_device("auto"))))
        while True:
            request = self._next()
            if request is None:
                os._exit(0)  # not by returning: the libraries' own teardown can take seconds
            self._say(self._answer(*request))

    def _next(self) -> tuple[dict[str, Any], threading.Event] | None:
        """The next request, None at the end of them. While there is none, memory is given back bit by bit."""
        for seconds, give_back in ((PARK_SECONDS, self._models.park), (IDLE_SECONDS, self._models.release)):
            try:
                return self._jobs.get(timeout=seconds)
            except queue.Empty:
                give_back()
        return self._jobs.get()

    def _read(self, requests: IO[str]) -> None:
        for line in requests:
            try:
                message = json.loads(line)
                kind = message["request"]
            except (ValueError, TypeError, KeyError):
                log.error("not a request: %.200s", line)
                continue
            if kind == "cancel":
                self._stop.set()
            elif kind in ("generate", "draw"):
                self._stop = threading.Event()
                self._jobs.put((message, self._stop))
            else:
                log.error("unknown request: %.200s", line)
        self._stop.set()
        self._jobs.put(None)
        time.sleep(GRACE_SECONDS)
        os._exit(0)  # a step on a CPU can take minutes; what it was making is of no use to anyone now

    def _answer(self, request: dict[str, Any], stop: threading.Event) -> Event:
        try:
            if request["request"] == "draw":
                layout, height = part("layout", Layout, request.get("layout")), request.get("height") or 0
                checks.integer("height", height, 2, MOST_ROWS)
                return preview_of(draw(layout, height // 2 * 2))
            job, out = Job.from_dict(request.get("job")), request.get("out")
            if not isinstance(out, str) or not out:
                raise BadRequest("The request names no output file.")
            return self._generate(job, Path(out), request.get("previews") is True, stop)
        except SkyloomError as error:
            log.info("refused: %s", error)
            return Failure.of(error)
        except Exception as error:  # a bug must not take the session down; the log has the traceback
            log.exception("unexpected")
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return Failure.of(
                GenerationFailed(f"Something unexpected went wrong ({reason}).", "The log has the details.")
            )

    def _generate(self, job: Job, out: Path, previews: bool, stop: threading.Event) -> Event:
        with closing(generate(job, out, self._models, previews=previews)) as events:
            for event in events:
                if isinstance(event, Result):
                    return event
                if stop.is_set():
                    return Cancelled()
                self._say(event)
        raise AssertionError("a generation ends with a result")

    def _say(self, event: Event) -> None:
        try:
            self._replies.write(event.to_line() + "\n")
            self._replies.flush()
        except BrokenPipeError:
            self._stop.set()  # nobody listens any more; stdin's end follows
