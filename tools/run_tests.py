"""Run the tests and checks, each part in its environment, all of them even if one fails, and sum them up.

    python3.11 tools/run_tests.py                 # everything
    python3.11 tools/run_tests.py lint engine     # some groups

Ends with a table, one line per part, and with the totals; each check without a count of its own counts as one test.
Standard library only.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from engine.environment import cache_root  # noqa: E402
from tools.debian import BPY_LIBRARIES, Unavailable, ensure  # noqa: E402
from tools.environments import make  # noqa: E402

REPORTS = ROOT / "out" / "tests"
# A test computes little at a time, so two workers of one thread each are faster than one of two. Each takes over 1 GB.
SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses", "4", "--dist", "worksteal")


@dataclass(frozen=True)
class Part:
    """One command in one environment.

    tests: the folder that pytest runs, or None for a check that is not pytest. alone: one test at a time.
    """

    group: str
    name: str
    environment: str
    arguments: tuple[str, ...] = ()
    tests: str | None = None
    alone: bool = False
    packages: tuple[str, ...] = ()
    seconds: int = 900


PARTS = (
    Part("lint", "ruff check", "engine", ("-m", "ruff", "check", ".")),
    Part("lint", "ruff format", "engine", ("-m", "ruff", "format", "--check", ".")),
    # What it learnt of torch and its like is kept, because that takes minutes.
    Part("lint", "mypy", "engine", ("-m", "mypy", "--cache-dir", str(cache_root() / "mypy"))),
    Part("engine", "tests/engine", "engine", tests="tests/engine", seconds=1800),
    Part("blender", "tests/blender on 4.2", "blender-4_2", tests="tests/blender", packages=BPY_LIBRARIES),
    Part("blender", "tests/blender on 4.5", "blender-4_5", tests="tests/blender", packages=BPY_LIBRARIES),
    Part("blender", "tests/blender on 5.0", "blender-5_0", tests="tests/blender", packages=BPY_LIBRARIES),
    Part("web", "tests/web", "engine", tests="tests/web", alone=True, packages=("chromium", "chromium-driver")),
    Part("gui", "tests/gui", "engine", tests="tests/gui", alone=True, seconds=1800),  # there is one screen
)


@dataclass
class Outcome:
    counts: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        return next((word for word in ("failed", "passed", "skipped") if self.counts[word]), "failed")


def run(part: Part) -> Outcome:
    start = time.monotonic()
    print(f"\n=== {part.name}", flush=True)
    try:
        outcome = _run(part)
    except Unavailable as error:
        outcome = Outcome(Counter(skipped=1), [str(error)])
    except subprocess.CalledProcessError:
        outcome = Outcome(Counter(failed=1), [f"its environment {part.environment} could not be built"])
    outcome.seconds = time.monotonic() - start
    return outcome


def _run(part: Part) -> Outcome:
    ensure(part.packages)
    make("engine")  # for every part: the extension's tests start it too, found as a user's Blender finds it
    command = [str(make(part.environment)), *part.arguments]
    if part.tests is None:
        status = call(command, part.seconds)
        return Outcome(Counter(failed=1), [ended(status)]) if status else Outcome(Counter(passed=1))
    report = REPORTS / f"{part.name.replace('/', '-').replace(' ', '-')}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command += ["-m", "pytest", "-q", "--durations=5", f"--junit-xml={report}", part.tests]
    status = call(command, part.seconds) if part.alone else call([*command, *SIDE_BY_SIDE], part.seconds, threads=1)
    return read(report, status)


def call(command: list[str], seconds: int, threads: int | None = None) -> int | None:
    """Run *command* and return its exit status; None if it was still running after *seconds* and had to be killed.

    threads: how many a process of it computes with, if that is not its own choice.
    """
    environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:  # too slow, or the user pressed Ctrl-C; bpy can hang in its own exit
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ended(status: int | None) -> str:
    return "killed, it took too long" if status is None else f"ended with status {status}"


def read(report: Path, status: int | None) -> Outcome:
    """Counts from pytest's *report*; a status that they do not explain, such as a crash at the end, is a failure."""
    outcome = Outcome()
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            marks = {child.tag: child.get("message", "") for child in case}
            if "failure" in marks or "error" in marks:
                outcome.counts["failed"] += 1
            elif "skipped" in marks:
                outcome.counts["skipped"] += 1
                outcome.reasons.append(marks["skipped"])
            else:
                outcome.counts["passed"] += 1
    if status != 0 and not outcome.counts["failed"]:
        outcome.counts["failed"] += 1
        outcome.reasons.append(f"pytest {ended(status)}")
    return outcome


def table(outcomes: dict[str, Outcome]) -> str:
    lines = [f"{'part':24}{'verdict':10}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}"]
    for name, outcome in outcomes.items():
        numbers = "".join(f"{outcome.counts[word]:8}" for word in ("passed", "failed", "skipped"))
        lines.append(f"{name:24}{outcome.verdict:10}{numbers}{outcome.seconds:9.0f}")
    for name, outcome in outcomes.items():
        lines += [f"{name}: {count} x {reason}" for reason, count in Counter(outcome.reasons).items()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    groups = tuple(dict.fromkeys(part.group for part in PARTS))
    parser.add_argument("groups", nargs="*", help=f"some of {', '.join(groups)}; all if none is named")
    chosen = parser.parse_args().groups or groups
    if unknown := set(chosen) - set(groups):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    outcomes = {part.name: run(part) for part in PARTS if part.group in chosen}
    total = sum((outcome.counts for outcome in outcomes.values()), Counter[str]())
    print(f"\n{table(outcomes)}\n")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
