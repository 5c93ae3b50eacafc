"""The Ray cluster that a batch runs on: how it is reached, and where on it there is room for a worker.

Ray runs what it is sent, like ssh: its ports belong on a network that is trusted.
"""

import io
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, TextIO

from ..errors import BadRequest, ClusterLost
from ..process import PACKAGE_PARENT

# Read when Ray is imported: it reports no usage to its makers, leaves the devices of CPU workers as they are, and keeps
# nothing of what it has to say until the end.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
os.environ["RAY_DEDUP_LOGS"] = "0"
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

log = logging.getLogger(__name__)

# A worker finds the engine where this machine has it; see engine/__main__.py for the other one.
_WORKER_ENVIRONMENT = {"PYTHONPATH": str(PACKAGE_PARENT), "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Place:
    """Room for one worker: a GPU of the machine *node*, or all its *cores* where the cluster has no GPU."""

    node: str
    index: int
    gpus: int
    cores: float

    def hire(self, worker: Any) -> Any:
        """An actor of the class *worker*, as soon as Ray has nobody else at this place. When it dies, it is gone."""
        options = {
            "num_gpus": self.gpus,
            "num_cpus": self.cores,
            "max_restarts": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(self.node, soft=False),
            "runtime_env": {"env_vars": _WORKER_ENVIRONMENT},
        }
        return worker.options(**options).remote()


def places(nodes: Sequence[dict[str, Any]]) -> list[Place]:
    """All places on *nodes*, as ``ray.nodes()`` tells of them. One warm model fills a GPU, and threads a machine."""
    alive = {node["NodeID"]: node["Resources"] for node in nodes if node["Alive"]}
    gpus = [Place(node, i, 1, 0) for node, has in alive.items() for i in range(int(has.get("GPU", 0)))]
    return gpus or [Place(node, 0, 0, has["CPU"]) for node, has in alive.items() if has.get("CPU", 0) >= 1]


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be a driver of the cluster at *address*: ``host:port``, or ``auto`` on one of its machines.

    Raises :class:`BadRequest` for an address of another kind, :class:`ClusterLost` if there is no such cluster.
    """
    if "://" in address:
        raise BadRequest(
            f"The batch cannot run through {address}.", "Run it on a machine of the cluster, with --ray auto."
        )
    interrupt = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error).strip().splitlines()[0]
        raise ClusterLost(
            f"The Ray cluster at {address} cannot be joined ({reason}).",
            "Start it with `ray start`, or name its address; see docs/farm.md.",
        ) from error
    finally:
        signal.signal(signal.SIGTERM, interrupt)  # Ray's own would end without a summary
    try:
        with redirect_stdout(_OurOutput(sys.stdout)):
            yield
    finally:
        ray.shutdown()


class _OurOutput(io.TextIOBase):
    """Standard output for what this thread prints; what Ray's threads print, of machines that died, goes to the log."""

    def __init__(self, ours: TextIO) -> None:
        self._ours, self._thread = ours, threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return self._ours.write(text)
        log.info("%s", text.rstrip())
        return len(text)

    def flush(self) -> None:
        self._ours.flush()


def _knock(address: str) -> None:
    """Raise :class:`OSError` at once where nobody listens: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=5).close()
