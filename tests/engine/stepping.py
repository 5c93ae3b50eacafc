"""Generators whose result matters."""

from collections.abc import Generator, Iterator


def everything(working: Generator) -> Iterator:
    """What *working* yields, and what it returns in the end."""
    while True:
        try:
            yield next(working)
        except StopIteration as end:
            yield end.value
            return
