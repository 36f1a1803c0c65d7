"""What the tests of the house look at: its modules, what each imports in any way, and the words in its code.

Nothing is imported by it: files are read, so that it holds for any tree, such as the small ones that it is tried on.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
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


@lru_cache(maxsize=2000)
def tree(file: Path) -> ast.Module:
    """A file, parsed: once for all that look at it, until `forget`."""
    return ast.parse(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=2000)
def nodes(file: Path) -> Sequence[ast.AST]:
    """All that stands in a file."""
    return tuple(ast.walk(tree(file)))


def forget() -> None:
    """What was parsed: trees of a whole house are much to carry."""
    tree.cache_clear()
    nodes.cache_clear()


# --- Imports ----------------------------------------------------------------------------------------------------------


def imports(name: str, known: Modules) -> set[str]:
    """The modules of the house that a module imports: wherever it says so, in a function, for the type checker alone,
    relative to its own place."""
    found: set[str] = set()
    for node in nodes(known[name]):
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
        for node in nodes(file)
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
        for node, text in _code(file)
        if (found := _VENDOR.search(_HUMP.sub("_", text)))
    ]


def _code(file: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every name and every text in code."""
    prose = set(_prose(file))
    for node in nodes(file):
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


def _prose(file: Path) -> Iterator[ast.AST]:
    """Docstrings, of attributes too, and help."""
    for node in nodes(file):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg in HELP:
            yield from ast.walk(node.value)


# --- What changes -----------------------------------------------------------------------------------------------------

_CHANGING = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popleft", "popitem", "remove",
     "setdefault", "sort", "update"}
)  # fmt: skip
THREADS = "Threads: "
"""Begins the line of a docstring that says who may touch a thing that changes: under which lock, or whose it is."""


def unowned(known: Modules) -> list[str]:
    """``module:line: name`` of each class that changes after it was made, and of each thing of a module that a function
    changes, where nothing says which threads may touch it."""
    return [f"{name}:{line}: {what}" for name, file in known.items() for line, what in _unowned(file)]


def _unowned(file: Path) -> Iterator[tuple[int, str]]:
    for node in nodes(file):
        if isinstance(node, ast.ClassDef) and THREADS not in (ast.get_docstring(node) or ""):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            if any("self" in _changed(one) for one in methods if one.name not in ("__init__", "__attrs_post_init__")):
                yield node.lineno, node.name
    own = _own(tree(file))
    for node in nodes(file):
        if own and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name in sorted(own & _changed(node, itself=True) - _bound(node)):
                yield node.lineno, name


def _own(module: ast.Module) -> set[str]:
    """The names of a module that nothing below them says the threads of."""
    found = set()
    for node, below in zip(module.body, [*module.body[1:], None], strict=True):
        said = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and str(below.value.value)
        if isinstance(node, ast.Assign | ast.AnnAssign) and not (said and THREADS in said):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that are a function's own."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    stored = (one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
    said = {name for one in ast.walk(function) if isinstance(one, ast.Global) for name in one.names}
    return ({one.arg for one in arguments} | set(stored)) - said


def _changed(function: ast.AST, *, itself: bool = False) -> set[str]:
    """The names that a function changes something of; `itself`: or the thing of that name, or what it stands for."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id=one), ctx=ast.Store() | ast.Del()):
                found.add(one)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=one)), ctx=ast.Store() | ast.Del()):
                found.add(one)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=one)), attr=verb)):
                found |= {one} if verb in _CHANGING else set()
            case ast.Subscript(value=ast.Name(id=one), ctx=ast.Store() | ast.Del()) if itself:
                found.add(one)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=one), attr=verb)) if itself:
                found |= {one} if verb in _CHANGING else set()
            case ast.Global(names=names) if itself:
                found |= set(names)
    return found


def endless_caches(known: Modules) -> list[str]:
    """``module:line: name`` of each function whose answers are kept without an end, one for each thing it is given."""
    return [
        f"{name}:{node.lineno}: {node.name}"
        for name, file in known.items()
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef) and (node.args.args or node.args.kwonlyargs)
        if any(_is_endless(one) for one in node.decorator_list)
    ]


def _is_endless(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        sizes = [*decorator.args, *(one.value for one in decorator.keywords if one.arg == "maxsize")]
        return _named(decorator.func) == "lru_cache" and any(
            isinstance(one, ast.Constant) and one.value is None for one in sizes
        )
    return _named(decorator) == "cache"


def _named(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# --- Constructors -----------------------------------------------------------------------------------------------------

FIELDS = 4
"""So many a constructor may take by their place."""


def placed_fields(known: Modules) -> list[str]:
    """Constructors of over four fields that take one by its place: attrs classes and dataclasses that don't say
    ``kw_only=True``, an ``__init__`` of more parameters than that."""
    return [
        f"{name}:{node.lineno}: {node.name}"
        for name, file in sorted(known.items())
        for node in nodes(file)
        if isinstance(node, ast.ClassDef) and _placed(node)
    ]


def _placed(node: ast.ClassDef) -> bool:
    made = [one for one in node.decorator_list if _MADE.match(ast.unparse(one))]
    if made:
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and _given(one)]
        return len(fields) > FIELDS and "kw_only=True" not in ast.unparse(made[0])
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return len(one.args.posonlyargs) + len(one.args.args) - 1 > FIELDS
    return False


_MADE = re.compile(r"(attrs?\.)?(frozen|define|mutable|s)\b|(dataclasses\.)?dataclass\b")


def _given(field: ast.AnnAssign) -> bool:
    value = "" if field.value is None else ast.unparse(field.value)
    return "ClassVar" not in ast.unparse(field.annotation) and "init=False" not in value


# --- Words that are types ---------------------------------------------------------------------------------------------


def plain_words(known: Modules) -> list[str]:
    """Where a provider reads or makes private data as a plain mapping outside its `private.py`, or names a part or a
    step by a text in place."""
    found = []
    for name, file in sorted(known.items()):
        if name.split(".")[0] in ("haplan", "haplan_sqlite", "haplan_postgres") or name.endswith(".private"):
            continue
        found += [f"{name}:{node.lineno}" for node in nodes(file) if _plain_word(node)]
    return found


def _plain_word(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript | ast.Attribute) and _is_private(node.value):
        return isinstance(node, ast.Subscript) or node.attr == "get"
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        worded = any(isinstance(one, ast.Attribute) and one.attr in ("part", "step") for one in sides)
        return worded and any(isinstance(one, ast.Constant | ast.JoinedStr) for one in sides)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "about_to":
        return bool(node.args) and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    if isinstance(node, ast.keyword):
        if node.arg == "private":
            values = node.value.values if isinstance(node.value, ast.Dict) else []
            return _has_texts(node.value) or any(_has_texts(one) for one in values)
        return node.arg == "part" and isinstance(node.value, ast.Constant | ast.JoinedStr)
    return False


def _is_private(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "private"


def _has_texts(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and any(isinstance(key, ast.Constant) for key in node.keys)


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_of_its_own(known: Modules) -> list[str]:
    """Where JSON is written with sorted keys but in `haplan.model.canonical`, or nouns are made of plain JSON by a
    library but in `haplan.state.nouns`."""
    found = []
    for name, file in sorted(known.items()):
        for node in nodes(file):
            if isinstance(node, ast.keyword) and node.arg == "sort_keys" and name != "haplan.model.canonical":
                found.append(f"{name}:{node.value.lineno}: sort_keys")
            if isinstance(node, ast.Import) and name != "haplan.state.nouns":
                found += [f"{name}:{node.lineno}: {one.name}" for one in node.names if one.name == "cattrs"]
            if isinstance(node, ast.ImportFrom) and name != "haplan.state.nouns" and node.module == "cattrs":
                found.append(f"{name}:{node.lineno}: cattrs")
    return sorted(found)
