"""Stubs of modules that a library imports and we have no use for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def stub_modules(*modules: ModuleType) -> Iterator[None]:
    """*modules* can be imported by their names, for as long as this lasts.

    torchvision itself is left out of the environment: its package-index build does not import beside a CPU torch, and a
    broken one takes diffusers and transformers down with it. A stub must not stay, or transformers would use it.
    """
    stubs = {module.__name__: module for module in modules}
    kept = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
