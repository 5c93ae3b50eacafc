"""Sums in a node tree, written as calls: each adds a node and returns its output for the next one."""

from collections.abc import Callable
from typing import Any, TypeAlias

import bpy

Socket: TypeAlias = bpy.types.NodeSocket
Value: TypeAlias = bpy.types.NodeSocket | float | tuple[float, float, float]
_COLUMN, _ROW = 190, 190  # distances of the nodes in the editor


def add_sockets(tree: bpy.types.NodeTree, inputs: dict[str, str], outputs: dict[str, str]) -> None:
    """Give the group *tree* inputs and outputs, each by name with its type: Float, Vector or Color."""
    for direction, sockets in (("INPUT", inputs), ("OUTPUT", outputs)):
        for name, kind in sockets.items():
            tree.interface.new_socket(name, in_out=direction, socket_type=f"NodeSocket{kind}")


class Nodes:
    """Adds nodes to *tree*, from left to right as they depend on each other."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree
        self._columns: dict[str, int] = {}

    @property
    def link(self) -> Callable[[Socket, Socket], Any]:
        return self.tree.links.new

    def add(self, kind: str, *values: Value | None, **settings: Any) -> bpy.types.Node:
        """A node with its *settings*; *values* go to its inputs in their order, None leaves one as it is."""
        node = self.tree.nodes.new(kind)
        for name, setting in settings.items():
            setattr(node, name, setting)
        return self.feed(node, dict(enumerate(values)))

    def feed(self, node: bpy.types.Node, values: dict[Any, Value | None]) -> bpy.types.Node:
        """Set or link inputs of *node* by name or number, and put it to the right of what it takes."""
        column = 0
        for key, value in values.items():
            if isinstance(value, bpy.types.NodeSocket):
                self.link(value, node.inputs[key])
                column = max(column, self._columns.get(value.node.name, 0) + 1)
            elif value is not None:
                node.inputs[key].default_value = value
        self._columns[node.name] = column
        node.location = (column * _COLUMN, -_ROW * list(self._columns.values()).count(column))
        return node

    def number(self, operation: str, *values: Value) -> Socket:
        return self.add("ShaderNodeMath", *values, operation=operation).outputs["Value"]

    def vector(self, operation: str, *values: Value) -> Socket:
        return self.add("ShaderNodeVectorMath", *values, operation=operation).outputs["Vector"]

    def measure(self, operation: str, *values: Value) -> Socket:
        """A vector operation whose result is a number."""
        return self.add("ShaderNodeVectorMath", *values, operation=operation).outputs["Value"]

    def scaled(self, vector: Value, factor: Value) -> Socket:
        node = self.add("ShaderNodeVectorMath", vector, operation="SCALE")
        return self.feed(node, {"Scale": factor}).outputs["Vector"]

    def mixed(self, first: Socket, second: Value, share: Socket) -> Socket:
        """*first* where *share* is 0, *second* where it is 1."""
        return self.vector("ADD", first, self.scaled(self.vector("SUBTRACT", second, first), share))
