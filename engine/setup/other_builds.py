"""What an environment has of another build of PyTorch than the one that it shall have.

To an installer ``2.13.0+cpu`` is the ``2.13.0`` that is asked for, so it would leave it there.
"""

import re
from importlib.metadata import distributions
from pathlib import Path

from .builds import Build, builds_here
from .damage import site_packages
from .lock import pins


def packages_of_other_builds(environment: Path, build: Build) -> list[str]:
    """Packages of *environment* that only other builds than *build* have, or in another version."""
    wanted = {pin.name: pin.version for pin in (*pins("packages"), *pins(build.lock))}
    known = {pin.name for other in builds_here().values() for pin in pins(other.lock)}
    there = {_plain(found.name): found.version for found in distributions(path=[str(site_packages(environment))])}
    return [name for name, version in there.items() if name in known and wanted.get(name) != version]


def _plain(name: str) -> str:
    """As the locks have it (packaging.python.org, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()
