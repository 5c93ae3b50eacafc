"""An operator a file, which is named after it; those that work on one thing together share one."""

import bpy

from . import engine_work
from .add_preset import SKYLOOM_OT_add_preset
from .apply_panorama import SKYLOOM_OT_apply_panorama
from .batch import SKYLOOM_OT_batch
from .cancel_download import SKYLOOM_OT_cancel_download
from .cancel_generation import SKYLOOM_OT_cancel_generation
from .cancel_installation import SKYLOOM_OT_cancel_installation
from .check_engine import SKYLOOM_OT_check_engine
from .choose_model import (
    SKYLOOM_OT_choose_model,
    SKYLOOM_OT_close_lora,
    SKYLOOM_OT_open_lora,
    SKYLOOM_OT_open_model,
)
from .contact_sheet import SKYLOOM_OT_contact_sheet
from .copy_error import SKYLOOM_OT_copy_error
from .copy_install_log import SKYLOOM_OT_copy_install_log
from .delete_panorama import SKYLOOM_OT_delete_panorama
from .direction_lists import (
    SKYLOOM_OT_add_idea,
    SKYLOOM_OT_add_photo,
    SKYLOOM_OT_add_region,
    SKYLOOM_OT_remove_part,
    SKYLOOM_OT_set_from_view,
)
from .download_model import SKYLOOM_OT_download_model
from .edit_sky import SKYLOOM_OT_edit_sky
from .export_cube_map import SKYLOOM_OT_export_cube_map
from .expose_white_card import SKYLOOM_OT_expose_white_card
from .generate_panorama import SKYLOOM_OT_generate_panorama
from .install_engine import SKYLOOM_OT_install_engine
from .layout_from_lamp import SKYLOOM_OT_layout_from_lamp
from .open_output_folder import SKYLOOM_OT_open_output_folder
from .open_preferences import SKYLOOM_OT_open_preferences
from .paint_edit import SKYLOOM_OT_discard_edit, SKYLOOM_OT_paint_edit
from .preview_layout import SKYLOOM_OT_preview_layout
from .remove_engine import SKYLOOM_OT_remove_engine
from .remove_model import SKYLOOM_OT_remove_model
from .render_scene_map import SKYLOOM_OT_render_scene_map
from .save_as_asset import SKYLOOM_OT_save_as_asset
from .sun_lamp import SKYLOOM_OT_add_sun_lamp, SKYLOOM_OT_remove_sun_lamp
from .use_settings import SKYLOOM_OT_use_settings

classes = (
    SKYLOOM_OT_add_idea,
    SKYLOOM_OT_add_photo,
    SKYLOOM_OT_add_region,
    SKYLOOM_OT_remove_part,
    SKYLOOM_OT_set_from_view,
    SKYLOOM_OT_layout_from_lamp,
    SKYLOOM_OT_preview_layout,
    SKYLOOM_OT_add_preset,
    SKYLOOM_OT_add_sun_lamp,
    SKYLOOM_OT_apply_panorama,
    SKYLOOM_OT_batch,
    SKYLOOM_OT_cancel_download,
    SKYLOOM_OT_cancel_generation,
    SKYLOOM_OT_cancel_installation,
    SKYLOOM_OT_check_engine,
    SKYLOOM_OT_choose_model,
    SKYLOOM_OT_close_lora,
    SKYLOOM_OT_open_lora,
    SKYLOOM_OT_contact_sheet,
    SKYLOOM_OT_copy_error,
    SKYLOOM_OT_copy_install_log,
    SKYLOOM_OT_delete_panorama,
    SKYLOOM_OT_discard_edit,
    SKYLOOM_OT_download_model,
    SKYLOOM_OT_edit_sky,
    SKYLOOM_OT_expose_white_card,
    SKYLOOM_OT_export_cube_map,
    SKYLOOM_OT_generate_panorama,
    SKYLOOM_OT_install_engine,
    SKYLOOM_OT_open_model,
    SKYLOOM_OT_open_output_folder,
    SKYLOOM_OT_open_preferences,
    SKYLOOM_OT_paint_edit,
    SKYLOOM_OT_remove_engine,
    SKYLOOM_OT_remove_model,
    SKYLOOM_OT_remove_sun_lamp,
    SKYLOOM_OT_render_scene_map,
    SKYLOOM_OT_save_as_asset,
    SKYLOOM_OT_use_settings,
)


def register() -> None:
    for cls in classes:
        bpy.utils.register_class(cls)


def unregister() -> None:
    engine_work.unregister()
    for cls in reversed(classes):
        bpy.utils.unregister_class(cls)
