"""How plan and state JSON name resources, and the tree of modules they stand in."""

from collections.abc import Iterable, Mapping

from haplan.model.address import parse, quoted
from haplan.model.state import Row
from haplan.model.value import Tree, decode

Document = dict[str, Tree]


def provider_name(key: str) -> str:
    """``haplan/mist`` for provider ``mist`` and for ``mist.alias``."""
    return f"haplan/{key.partition('.')[0]}"


def resource_address(address: str, type_name: str, provider: str) -> Document:
    """address, module_address (inside a module), mode, type, name, provider_name."""
    parsed = parse(address)
    found: Document = {"address": address}
    if parsed.module:
        found["module_address"] = module_address(parsed.module)
    mode = "data" if parsed.data else "managed"
    return found | {"mode": mode, "type": type_name, "name": parsed.name, "provider_name": provider_name(provider)}


def module_address(module: tuple[str, ...]) -> str:
    """``module.a.module.b``."""
    return ".".join(f"module.{quoted(label)}" for label in module)


def root_module(resources: Iterable[Mapping[str, Tree]]) -> Document:
    """Resources in the tree of their modules."""
    root: Document = {"resources": []}
    nodes: dict[tuple[str, ...], Document] = {(): root}
    for resource in resources:
        module = parse(resource["address"]).module
        entry = {name: value for name, value in resource.items() if name != "module_address"}
        _node(nodes, module).setdefault("resources", []).append(entry)
    return root


def _node(nodes: dict[tuple[str, ...], Document], module: tuple[str, ...]) -> Document:
    if module not in nodes:
        nodes[module] = {"address": module_address(module)}
        _node(nodes, module[:-1]).setdefault("child_modules", []).append(nodes[module])
    return nodes[module]


def values_of(row: Row) -> tuple[Mapping[str, Tree], tuple[str, ...]]:
    """The values of a recorded resource and the names of its sensitive attributes."""
    values: Mapping[str, Tree] = decode(row.values)
    return {**({"id": row.id} if row.id and "id" not in values else {}), **values}, row.sensitive
