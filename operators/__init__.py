"""One operator per file, each file named after its operator."""

import bpy

from .apply_panorama import SKYLOOM_OT_apply_panorama
from .cancel_generation import SKYLOOM_OT_cancel_generation
from .copy_error import SKYLOOM_OT_copy_error
from .generate_panorama import SKYLOOM_OT_generate_panorama
from .open_output_folder import SKYLOOM_OT_open_output_folder
from .open_preferences import SKYLOOM_OT_open_preferences

classes = (
    SKYLOOM_OT_apply_panorama,
    SKYLOOM_OT_cancel_generation,
    SKYLOOM_OT_copy_error,
    SKYLOOM_OT_generate_panorama,
    SKYLOOM_OT_open_output_folder,
    SKYLOOM_OT_open_preferences,
)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
