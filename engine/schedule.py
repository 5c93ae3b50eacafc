"""Which denoising steps are synchronized, and how strongly, where a job leaves that open.

Measured on sky-small (docs/benchmarks.md): the first steps, whose clean predictions show nothing yet, bring little, the
last ones break the picture, and overlapping windows have nearly the same gradient. So by default a few windows side by
side are drawn, in a few steps from the first third of the way to its middle, with more weight.
"""

from math import ceil
from typing import Any

from .errors import BadRequest
from .job import Job

PAPER_WEIGHT = 20.0
_FROM, _TO, _COUNT, _WEIGHT = 1 / 3, 1 / 2, 3, 480.0  # of the default: shares of the steps, how many of them, w


def schedule(job: Job, steps: int) -> dict[str, Any]:
    """The fields of *job* that say how *steps* steps are synchronized, completed. Raises :class:`BadRequest`."""
    if job.sync_steps is not None and job.sync_steps > steps:
        raise BadRequest(
            f"sync_steps is {job.sync_steps}, but there are only {steps} steps.", "Ask for at most as many as steps."
        )
    directed = job.stays_in_place  # windows that wander would not know where they are
    sparse = job.sync_windows == "side-by-side" or (
        job.sync_windows is None
        and job.sync_steps is None
        and job.windows == "ring"
        and job.sampler == "sync"
        and not directed
    )
    if (sparse or directed) and job.sync_steps is None:
        start = int(steps * _FROM)
        stop = int(steps * _TO) + 1
        every, weight = ceil((stop - start) / _COUNT), _WEIGHT if sparse else PAPER_WEIGHT
    else:
        start, stop, every = 0, steps, 1
        weight = _WEIGHT if sparse else PAPER_WEIGHT
    stop = stop if job.sync_steps is None else job.sync_steps
    if job.sampler == "sync" and job.sync_from is not None and 0 < stop <= job.sync_from:
        raise BadRequest(
            f"Synchronization from step {job.sync_from} on, but of {stop} steps only, is none.",
            "Lower sync_from, or raise sync_steps.",
        )
    return {
        "sync_windows": "side-by-side" if sparse else "all",
        "sync_from": start if job.sync_from is None else job.sync_from,
        "sync_steps": stop if job.sampler == "sync" else 0,
        "sync_every": job.sync_every or every,
        "sync_weight": weight if job.sync_weight is None else job.sync_weight,
    }
