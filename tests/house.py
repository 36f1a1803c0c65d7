"""What the tests of the house look at: its modules, what each imports in any way, and the words in its code.

Nothing is imported by it: files are read, so that it holds for any tree, such as the small ones that it is tried on.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import networkx as nx

SOURCES = ("haplan", "providers", "state")
"""Folders with modules; in the latter two their packages stand side by side."""
VENDORS = ("juniper", "mist", "mistapi", "srx", "vsrx", "ssr", "netconf", "conductor", "junos", "128t", "session smart")
HELP = frozenset({"help", "short_help", "epilog"})
"""Keywords of the command line whose text is read by people: it may give an example, as a docstring may."""

_VENDOR = re.compile(
    r"(?<![a-z])(" + "|".join(name.replace(" ", "[ _-]?") for name in VENDORS) + r")s?(?![a-z])", re.IGNORECASE
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Modules = Mapping[str, Path]
"""By dotted name."""


def modules(root: Path, *folders: str) -> dict[str, Path]:
    """Every module below a root."""
    found = {}
    for folder in folders or SOURCES:
        base = root if folder in ("haplan", "tests") else root / folder
        for file in sorted((root / folder).rglob("*.py")):
            parts = file.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def tree(file: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(file.read_text(encoding="utf-8"))


# --- Imports ----------------------------------------------------------------------------------------------------------


def imports(name: str, known: Modules) -> set[str]:
    """The modules of the house that a module imports: wherever it says so, in a function, for the type checker alone,
    relative to its own place."""
    found: set[str] = set()
    for node in ast.walk(tree(known[name])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, name, known[name])
            whole = [f"{base}.{alias.name}" for alias in node.names]
            found |= {one if one in known else base for one in whole}
    return {one for one in found if one in known and one != name}


def _base(node: ast.ImportFrom, name: str, file: Path) -> str:
    if not node.level:
        return node.module or ""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def circles(known: Modules) -> list[list[str]]:
    """The modules that import each other in circles."""
    graph = nx.DiGraph((name, other) for name in known for other in imports(name, known))
    return sorted(sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1)


def relative_imports(known: Modules) -> list[str]:
    """``module:line`` of each import that is relative to its own place."""
    return [
        f"{name}:{node.lineno}"
        for name, file in known.items()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ImportFrom) and node.level
    ]


# --- Words ------------------------------------------------------------------------------------------------------------


def vendor_words(known: Modules, but: Sequence[str] = ()) -> list[str]:
    """``module:line: word`` of each vendor that code names: in a name or in a text, but for docstrings and help.

    Args:
        but: Packages that may.
    """
    return [
        f"{name}:{getattr(node, 'lineno', 0)}: {found[0]}"
        for name, file in known.items()
        if not any(name == one or name.startswith(f"{one}.") for one in but)
        for node, text in _code(tree(file))
        if (found := _VENDOR.search(_HUMP.sub("_", text)))
    ]


def _code(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every name and every text in code."""
    prose = set(_prose(module))
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(text)) if node not in prose:
                yield node, text
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text) | ast.keyword(arg=str(text)):
                yield node, text
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text) | ast.ClassDef(name=text):
                yield node, text
            case ast.alias(name=text, asname=other):
                yield node, f"{text} {other or ''}"
            case ast.ImportFrom(module=str(text)):
                yield node, text


def _prose(module: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, of attributes too, and help."""
    for node in ast.walk(module):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg in HELP:
            yield from ast.walk(node.value)
