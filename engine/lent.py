"""Stand-ins for modules that a library imports and we have no use for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def lent_modules(*modules: ModuleType) -> Iterator[None]:
    """*modules* can be imported by their names, for as long as this lasts.

    torchvision itself is left out of the environment: its package-index build does not import beside a CPU torch, and a
    broken one takes diffusers and transformers down with it. A stand-in must not stay, or transformers would use it.
    """
    lent = {module.__name__: module for module in modules}
    kept = {name: sys.modules.get(name) for name in lent}
    sys.modules.update(lent)
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
