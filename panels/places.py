"""The two places of the panel: the World properties, where Blender's own worlds are, and the 3D viewport's sidebar."""

import bpy


class WorldTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "world"


class SidebarTab:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Skyloom"


PLACES = {"world": WorldTab, "sidebar": SidebarTab}


def in_both_places(body: type, *path: str) -> list[type[bpy.types.Panel]]:
    """A panel with *body*, its label and drawing, for each place: ``SKYLOOM_PT_world_adjust`` and so on.

    path: the names of the sub-panels that lead to it, its own last; none for the panel itself.
    """
    panels = []
    for name, place in PLACES.items():
        own = {"bl_parent_id": "_".join(("SKYLOOM_PT", name, *path[:-1]))} if path else {}
        panels.append(type("_".join(("SKYLOOM_PT", name, *path[-1:])), (place, body, bpy.types.Panel), own))
    return panels
