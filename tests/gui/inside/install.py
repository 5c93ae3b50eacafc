"""Inside Blender, in the background: install the zip, enable the extension, switch the splash screen off, save that."""

import sys

import bpy

MODULE = "bl_ext.user_default.skyloom"
bpy.ops.extensions.package_install_files(
    filepath=sys.argv[-1], repo="user_default", enable_on_install=True, overwrite=True
)
assert MODULE in bpy.context.preferences.addons, f"{MODULE} is not enabled"
bpy.context.preferences.view.show_splash = False
bpy.context.preferences.use_preferences_save = False  # each story begins with the same
bpy.ops.wm.save_userpref()
