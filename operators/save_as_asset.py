from pathlib import Path
from typing import ClassVar

import bpy

from ..engine.errors import BadRequest
from ..scene.asset import Details, save_asset
from ..scene.history import job_of
from ..scene.images import path_of
from ..scene.world import world_panorama


class SKYLOOM_OT_save_as_asset(bpy.types.Operator):
    bl_idname = "skyloom.save_as_asset"
    bl_label = "Save as Asset"
    bl_description = "Save the scene's sky, as it is adjusted, as a world in one of your asset libraries"
    bl_options: ClassVar = {"REGISTER"}

    library: bpy.props.StringProperty(
        name="Library", description="The asset library that gets the sky; empty takes the first one"
    )
    catalogue: bpy.props.StringProperty(
        name="Catalog", description="Where the asset browser lists the sky, such as Skies/Evening", default="Skies"
    )
    author: bpy.props.StringProperty(name="Author", description="Who made this sky")
    description: bpy.props.StringProperty(
        name="Description",
        description="What the asset browser tells of the sky; empty uses the prompt",
        options={"SKIP_SAVE"},
    )
    tags: bpy.props.StringProperty(
        name="Tags", description="Words to find the sky by, separated by commas", default="sky, world"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.preferences.filepaths.asset_libraries:
            cls.poll_message_set("There is no asset library: add one in the preferences, under File Paths")
            return False
        cls.poll_message_set("The scene's world is not a sky from Skyloom")
        return world_panorama(context.scene.world) is not None

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.description = self.description or _prompt(context.scene.world)
        return context.window_manager.invoke_props_dialog(self, width=400)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop_search(self, "library", context.preferences.filepaths, "asset_libraries")
        for name in ("catalogue", "author", "description", "tags"):
            layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        libraries, world = context.preferences.filepaths.asset_libraries, context.scene.world
        library = libraries.get(self.library) if self.library else libraries[0]
        if not library:
            self.report({"ERROR"}, f"There is no asset library {self.library}. Add it in the preferences, File Paths")
            return {"CANCELLED"}
        details = Details(
            author=self.author,
            description=self.description or _prompt(world),
            tags=[tag.strip() for tag in self.tags.split(",") if tag.strip()],
            catalogue=self.catalogue.strip(" /") or "Skies",
        )
        try:
            path = save_asset(world, Path(library.path), details)
        except (OSError, RuntimeError) as error:
            self.report({"ERROR"}, f"The asset cannot be saved in {library.path}: {error}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Saved in {path}")
        return {"FINISHED"}


def _prompt(world: bpy.types.World) -> str:
    try:
        return job_of(path_of(world_panorama(world)))["prompt"]
    except BadRequest:  # a picture from elsewhere
        return ""
