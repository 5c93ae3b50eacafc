"""Milliseconds that Skyloom's own code takes in Blender's window, per call, by the clock and of the processor.

    make test-gui && python benchmarks/interface.py

Read from what the last window tests measured: while a sky was generated with previews in panel and world, while one of
2048 x 1024 was painted over, and with every sub-panel open and a history of 500 skies. Blender stands still for as long
as the clock says; the aim is less than 100 ms. Where other programs keep the cores busy, the clock tells of these too.
The processor's time does not, but counts what Blender's other threads do meanwhile.
"""

import json
import sys
from pathlib import Path

RECORDS = [Path(__file__).resolve().parent.parent / "out" / "gui" / f"{name}.json" for name in ("keeping", "directing")]


def main() -> int:
    if not all(map(Path.exists, RECORDS)):
        print("There are no window tests to read: run `make test-gui` first.", file=sys.stderr)
        return 1
    steps = {record["step"]: record["saw"] for file in RECORDS for record in json.loads(file.read_text("utf-8"))}
    print("| | calls | longest, ms | longest, CPU ms | mean, CPU ms |")
    print("|---|---|---|---|---|")
    panels = {f"drawing {label}": seconds for label, seconds in steps["drawing"]["seconds"].items()}
    for what, seconds in (steps["preview"]["seconds"] | steps["painting_large"]["seconds"] | panels).items():
        clock, processor = zip(*seconds, strict=True)
        mean = sum(processor) / len(processor)
        print(f"| {what} | {len(seconds)} | {1e3 * max(clock):.1f} | {1e3 * max(processor):.1f} | {1e3 * mean:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
