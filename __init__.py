"""Skyloom: a prompt becomes a seamless 360-degree sky that lights and backs a Blender scene."""

from . import cli_command, downloads, folders, installation, operators, panels, preferences, properties, session
from .scene import live_preview


def register() -> None:
    preferences.register()
    properties.register()
    folders.register()
    session.register()
    downloads.register()
    installation.register()
    live_preview.register()
    operators.register()
    panels.register()
    cli_command.register()


def unregister() -> None:
    cli_command.unregister()
    panels.unregister()
    operators.unregister()
    live_preview.unregister()
    installation.unregister()
    downloads.unregister()
    session.unregister()
    folders.unregister()
    properties.unregister()
    preferences.unregister()
