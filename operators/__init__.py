"""One operator per file, each file named after its operator."""

import bpy

from .add_preset import SKYLOOM_OT_add_preset
from .apply_panorama import SKYLOOM_OT_apply_panorama
from .batch import SKYLOOM_OT_batch
from .cancel_download import SKYLOOM_OT_cancel_download
from .cancel_generation import SKYLOOM_OT_cancel_generation
from .choose_model import SKYLOOM_OT_choose_model, SKYLOOM_OT_open_model
from .copy_error import SKYLOOM_OT_copy_error
from .delete_panorama import SKYLOOM_OT_delete_panorama
from .download_model import SKYLOOM_OT_download_model
from .expose_white_card import SKYLOOM_OT_expose_white_card
from .generate_panorama import SKYLOOM_OT_generate_panorama
from .layout_from_lamp import SKYLOOM_OT_layout_from_lamp
from .open_output_folder import SKYLOOM_OT_open_output_folder
from .open_preferences import SKYLOOM_OT_open_preferences
from .photos import SKYLOOM_OT_add_photo, SKYLOOM_OT_remove_photo
from .preview_layout import SKYLOOM_OT_preview_layout
from .regions import SKYLOOM_OT_add_region, SKYLOOM_OT_region_from_view, SKYLOOM_OT_remove_region
from .remove_model import SKYLOOM_OT_remove_model
from .save_as_asset import SKYLOOM_OT_save_as_asset
from .sun_lamp import SKYLOOM_OT_add_sun_lamp, SKYLOOM_OT_remove_sun_lamp
from .use_settings import SKYLOOM_OT_use_settings

classes = (
    SKYLOOM_OT_add_photo,
    SKYLOOM_OT_remove_photo,
    SKYLOOM_OT_add_region,
    SKYLOOM_OT_remove_region,
    SKYLOOM_OT_region_from_view,
    SKYLOOM_OT_layout_from_lamp,
    SKYLOOM_OT_preview_layout,
    SKYLOOM_OT_add_preset,
    SKYLOOM_OT_add_sun_lamp,
    SKYLOOM_OT_apply_panorama,
    SKYLOOM_OT_batch,
    SKYLOOM_OT_cancel_download,
    SKYLOOM_OT_cancel_generation,
    SKYLOOM_OT_choose_model,
    SKYLOOM_OT_copy_error,
    SKYLOOM_OT_delete_panorama,
    SKYLOOM_OT_download_model,
    SKYLOOM_OT_expose_white_card,
    SKYLOOM_OT_generate_panorama,
    SKYLOOM_OT_open_model,
    SKYLOOM_OT_open_output_folder,
    SKYLOOM_OT_open_preferences,
    SKYLOOM_OT_remove_model,
    SKYLOOM_OT_remove_sun_lamp,
    SKYLOOM_OT_save_as_asset,
    SKYLOOM_OT_use_settings,
)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
