"""In Blender's Python (the bpy module): Blender's own extension tool, as ``blender --command extension`` runs it.

    BPY_PYTHON tools/blender_extension.py validate FOLDER_OR_ZIP
    BPY_PYTHON tools/blender_extension.py build --source-dir FOLDER --output-dir FOLDER

Called this way, and not as the script that it also is, the tool knows the list of tags that Blender accepts.
"""

import sys

import bpy  # noqa: F401  makes bl_pkg importable
from bl_pkg import bl_extension_cli

sys.exit(bl_extension_cli.cli_extension_handler(sys.argv[1:]))
