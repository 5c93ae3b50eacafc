"""Rows that are computed side by side: what their samplers ask of the network at the same time is one call.

A GPU takes little longer for many windows than for the few of a small panorama. Each row goes its own way, in a thread
of its own, because a sampler calls the network from deep inside. But only one of the threads runs at a time, until it
needs the network or ends its step; so what the rows share, the model above all, need not know of threads.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from ..models.denoiser import Inputs, NetworkCall
from ..sampling.chunks import Chunks

log = logging.getLogger(__name__)

State = TypeVar("State")


class Lockstep:
    """Takes rows on step by step, and calls the network once for those of them that are at the same noise level.

    most: pictures in one call.
    """

    def __init__(self, most: int) -> None:
        self._chunks = Chunks(most)
        self._turn = threading.Condition()  # whoever holds it runs
        self._running = 0  # rows that neither wait for the network nor have ended their step
        self._stopping = False
        self._questions: list[_Question] = []

    def run(self, rows: Sequence[Iterator[State]]) -> Iterator[list[State | None]]:
        """The next state of each of *rows*, None for those that have ended, until all have.

        The rows call the network through :meth:`network`. What one of them raises, this raises: then, and when this
        generator is closed, no row runs any more.
        """
        with ThreadPoolExecutor(len(rows), "row") as pool:
            try:
                while True:
                    self._running = len(rows)
                    states = list(pool.map(self._next, rows))
                    if all(state is None for state in states):
                        return
                    yield states
            finally:
                with self._turn:  # an interrupt may come while some rows wait for others that were never started
                    self._stopping = True
                    self._turn.notify_all()

    def network(self, call: NetworkCall, x: Tensor, timestep: Tensor, inputs: Inputs) -> Tensor:
        """``call(x, timestep, inputs)`` for one row, the same *call* for all. Raises what it raises for this row alone.

        With gradients it is made at once: their graph is the row's own.
        """
        if torch.is_grad_enabled():
            return call(x, timestep, inputs)
        question = _Question(x, timestep, inputs)
        self._questions.append(question)
        self._rest()
        self._turn.wait_for(lambda: question.answer is not None or not self._running or self._stopping)
        if question.answer is None:
            self._answer(call, [other for other in self._questions if other.kind == question.kind])
        if isinstance(question.answer, Exception):
            raise question.answer
        assert question.answer is not None
        return question.answer

    def _next(self, row: Iterator[State]) -> State | None:
        with self._turn:
            try:
                return next(row, None)
            finally:
                self._rest()

    def _rest(self) -> None:
        self._running -= 1
        if not self._running:
            self._turn.notify_all()

    def _answer(self, call: NetworkCall, questions: "list[_Question]") -> None:
        """All of one kind, in one call; if that fails, each by itself, so that none fails for another one."""
        self._questions = [question for question in self._questions if question not in questions]
        if not self._ask(call, questions):
            for question in questions:
                self._ask(call, [question])
        self._running += len(questions)
        self._turn.notify_all()

    def _ask(self, call: NetworkCall, questions: "list[_Question]") -> bool:
        """Whether the call gave an answer to *questions*. One question gets the error for an answer."""
        names, timestep = list(questions[0].inputs), questions[0].timestep

        def of(x: Tensor, *inputs: Tensor) -> Tensor:
            return call(x, timestep, dict(zip(names, inputs, strict=True)))

        try:
            inputs = [torch.cat([question.inputs[name] for question in questions]) for name in names]
            output = self._chunks.each(of, torch.cat([question.x for question in questions]), *inputs)
        except Exception as error:  # whatever a network raises
            if len(questions) > 1:
                log.warning("a call for %d rows failed: %s", len(questions), error)
                return False
            questions[0].answer = error
            return True
        for question, part in zip(questions, output.split([len(question.x) for question in questions]), strict=True):
            question.answer = part
        return True


class _Question:
    """What a row asks of the network. kind: the same for questions that can be one call. answer: the output, or what
    was raised."""

    def __init__(self, x: Tensor, timestep: Tensor, inputs: Inputs) -> None:
        self.x, self.timestep, self.inputs = x, timestep, inputs
        self.answer: Tensor | Exception | None = None
        device = x.device.type
        half = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        shapes = tuple((name, value.shape[1:], value.dtype) for name, value in inputs.items())
        self.kind = float(timestep), x.shape[1:], x.dtype, half, shapes
