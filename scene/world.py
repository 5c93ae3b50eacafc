"""A panorama as the world: it surrounds the scene and lights it."""

import bpy


def set_world(scene: bpy.types.Scene, image: bpy.types.Image) -> bpy.types.World:
    """Give *scene* a new world that shows *image*. The old one stays in the file."""
    if scene.world:
        scene.world.use_fake_user = True
    world = bpy.data.worlds.new(bpy.path.display_name_from_filepath(image.filepath))
    if bpy.app.version < (5, 0, 0):  # from 5.0 on a world always has nodes
        world.use_nodes = True
    _build(world.node_tree, image)
    scene.world = world
    return world


def _build(tree: bpy.types.NodeTree, image: bpy.types.Image) -> None:
    tree.nodes.clear()
    kinds = (
        "ShaderNodeTexCoord",
        "ShaderNodeMapping",
        "ShaderNodeTexEnvironment",
        "ShaderNodeBackground",
        "ShaderNodeOutputWorld",
    )
    nodes = [tree.nodes.new(kind) for kind in kinds]
    for column, node in enumerate(nodes):
        node.location = (column * 220 - 660, 300)
    coordinates, mapping, environment, background, output = nodes
    mapping.label = "Sky Rotation"
    environment.width = 200
    environment.image = image
    environment.projection = "EQUIRECTANGULAR"
    tree.links.new(coordinates.outputs["Generated"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], environment.inputs["Vector"])
    tree.links.new(environment.outputs["Color"], background.inputs["Color"])
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
