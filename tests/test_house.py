"""The house: who may import whom (see README, "The house")."""

import ast
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "haplan", ROOT / "providers", ROOT / "state"]

FLOORS = {
    "model": 0,
    "errors": 0,
    "state": 1,
    "language": 1,
    "contracts": 2,
    "hookspecs": 3,
    "wall": 3,
    "plugins": 4,
    "plugin": 4,
    "steps": 5,
    "host": 6,
    "planning": 7,
    "engine": 7,
    "repair": 7,
    "report": 8,
    "api": 9,
    "cli": 10,
}
"""Rooms of the engine, lowest first: an import goes to the same room or a lower floor."""


DOORS = ("__main__", "builtin", "design", "kit", "lab", "testing")
"""Rooms that nothing of the engine imports: built-in plugins, what they share, and what users' tests use."""


BEHIND = ("engine", "planning", "repair", "host", "steps")
"""Rooms behind `haplan.api`."""


def modules() -> dict[str, Path]:
    """Every module of the house by dotted name."""
    found = {}
    for source in SOURCES:
        base = ROOT if source.name == "haplan" else source
        for file in source.rglob("*.py"):
            parts = file.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(name: str, file: Path, known: dict[str, Path], *, lazy: bool) -> set[str]:
    """The modules of the house that a module imports; `lazy` ones, inside functions, only if asked for."""
    tree = ast.parse(file.read_text())
    nodes = ast.walk(tree) if lazy else _eager(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    named = {one if one in known else one.rpartition(".")[0] for one in found}
    return {one for one in named if one in known and one != name}


def _eager(tree: ast.Module) -> list[ast.AST]:
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        found.append(node)
        waiting += ast.iter_child_nodes(node)
    return found


def room(name: str) -> str:
    """The room a module of the engine belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


KNOWN = modules()


def test_every_room_has_its_floor() -> None:
    assert {room(name) for name in KNOWN if name.startswith("haplan.")} == {*FLOORS, *DOORS}


@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("haplan.") and room(name) in FLOORS])
def test_imports_of_the_engine_only_go_down(name: str) -> None:
    for other in imports(name, KNOWN[name], KNOWN, lazy=True):
        if other.startswith("haplan.") and room(other) != room(name):
            assert room(other) in FLOORS, f"{name} imports {other}: the engine imports no plugin"
            assert FLOORS[room(other)] <= FLOORS[room(name)], f"{name} imports {other}, which is above it"


def test_the_root_holds_only_the_faces_and_the_story() -> None:
    root = {file.stem for file in (ROOT / "haplan").glob("*.py")}
    faces = {"__init__", "__main__", "plugin", "plugins", "hookspecs", "builtin", "errors"}
    assert root == {*faces, "engine", "planning", "repair"}


def test_a_session_opens_and_closes_and_is_short() -> None:
    assert len(KNOWN["haplan.host.session"].read_text().splitlines()) < 150


def test_the_command_line_reaches_the_engine_by_the_interface_for_programs_alone() -> None:
    for name, file in KNOWN.items():
        if room(name) == "cli" and name.startswith("haplan."):
            behind = {other for other in imports(name, file, KNOWN, lazy=True) if room(other) in BEHIND}
            assert behind == set(), f"{name} imports {sorted(behind)}"


def test_steps_do_not_import_steps() -> None:
    for name, file in KNOWN.items():
        if not name.startswith("haplan.steps."):
            continue
        step = name.split(".")[2]
        for other in imports(name, file, KNOWN, lazy=True):
            assert not other.startswith("haplan.steps.") or other.split(".")[2] == step, f"{name} imports {other}"


def test_the_engine_knows_no_vendor() -> None:
    for name, file in KNOWN.items():
        if name.startswith("haplan.") and not name.startswith(("haplan.design", "haplan.cli", "haplan.report")):
            text = file.read_text().lower()
            for vendor in ("juniper", "srx", "netconf", "conductor"):
                assert vendor not in text, f"{name} speaks of {vendor}"


def test_a_plugin_imports_the_published_surface_and_itself() -> None:
    for name, file in KNOWN.items():
        own = name.split(".")[0]
        if own == "haplan":
            continue
        for other in imports(name, file, KNOWN, lazy=True):
            published = other.split(".")[:2] in (
                ["haplan", "plugin"],
                ["haplan", "design"],
                ["haplan", "kit"],
                ["haplan", "lab"],
            )
            assert published or other.split(".")[0] == own, f"{name} imports {other}"


def test_the_command_line_speaks_through_the_terminal_alone() -> None:
    """What others wrote is made visible there: nothing else of the command line prints or asks."""
    speaking = {"echo", "secho", "prompt", "confirm", "echo_via_pager", "print", "print_exception", "input"}
    for name, file in KNOWN.items():
        if not name.startswith("haplan.cli") or name == "haplan.cli.terminal":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                speaks = called in speaking or (called.startswith("write") and "std" in ast.dump(node.func))
                assert not speaks, f"{name}:{node.lineno} calls {called}"


def test_what_providers_share_stands_on_the_published_surface_alone() -> None:
    for name, file in KNOWN.items():
        if name.startswith("haplan.kit"):
            others = {other.split(".")[1] for other in imports(name, file, KNOWN, lazy=True)}
            assert others <= {"kit", "plugin"}, f"{name} imports {others}"


def test_nothing_imports_in_a_circle() -> None:
    graph = nx.DiGraph(
        (name, other) for name, file in KNOWN.items() for other in imports(name, file, KNOWN, lazy=False)
    )
    assert list(nx.simple_cycles(graph)) == []
