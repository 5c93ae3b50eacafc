"""Panels in Blender's own manner: a tooltip on everything, sub-panels closed, no keys."""

from collections.abc import Iterator

import bpy
import pytest
from conftest import MODULE

KINDS = (bpy.types.Operator, bpy.types.Panel, bpy.types.Menu, bpy.types.PropertyGroup, bpy.types.AddonPreferences)


def ours(kind: type) -> list[type]:
    """The extension's classes of *kind* that Blender knows."""

    def below(cls: type) -> Iterator[type]:
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    return [cls for cls in below(kind) if cls.__module__.startswith(MODULE) and getattr(cls, "is_registered", False)]


def drawn_properties(cls: type, kind: type) -> list[bpy.types.Property]:
    """What of *cls* a panel or a dialog can show, without what Blender gave it."""
    if kind is bpy.types.Operator:
        module, name = cls.bl_idname.split(".")
        rna = getattr(getattr(bpy.ops, module), name).get_rna_type()
    else:
        rna = cls.bl_rna
    known = {*kind.bl_rna.properties.keys(), "name", "remove_name", "remove_active"}  # the last two are AddPresetBase's
    shown = [item for item in rna.properties if item.identifier not in known and not item.is_hidden]
    return [item for item in shown if item.type not in ("POINTER", "COLLECTION")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_everything_has_a_tooltip(installed, kind):
    without, classes = [], ours(kind)
    assert classes
    for cls in classes:
        if kind not in (bpy.types.PropertyGroup, bpy.types.AddonPreferences) and not cls.bl_description:
            without.append(cls.__name__)
        for item in drawn_properties(cls, kind):
            named = [(item.identifier, item)]
            if item.type == "ENUM":
                named += [(f"{item.identifier}={choice.identifier}", choice) for choice in item.enum_items]
            without += [f"{cls.__name__}.{name}" for name, thing in named if not thing.description.strip()]
    assert not without


def test_sliders_of_a_sky_have_tooltips(scene, pattern):
    bpy.ops.skyloom.apply_panorama(filepath=str(pattern[0]))
    tree = scene.world.node_tree.nodes["Skyloom Sky"].node_tree
    sliders = [item for item in tree.interface.items_tree if item.item_type == "SOCKET" and item.in_out == "INPUT"]
    assert len(sliders) > 7
    assert [item.name for item in sliders if not item.description] == []


def test_sub_panels_begin_closed(installed):
    within = [panel for panel in ours(bpy.types.Panel) if hasattr(panel, "bl_parent_id")]
    assert len(within) > 20
    assert [panel.__name__ for panel in within if "DEFAULT_CLOSED" not in panel.bl_options] == []


def test_no_key_is_taken(installed):
    configurations = bpy.context.window_manager.keyconfigs
    items = [item for config in configurations for keymap in config.keymaps for item in keymap.keymap_items]
    assert [item.idname for item in items if item.idname.startswith("skyloom.")] == []
