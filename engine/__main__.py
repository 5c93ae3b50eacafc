"""Entry of ``python -m engine``."""

import os
import sys

from .cli import main

# Torch's threads sleep while they wait for each other. By default they spin, which takes the cores from Blender beside
# them, and on busy cores makes the engine itself half as fast. Read when torch is loaded, which nothing above does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

sys.exit(main())
