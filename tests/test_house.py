"""The house: who may import whom (see README, "The house")."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import (
    circles,
    endless_caches,
    forget,
    imports,
    json_of_its_own,
    modules,
    nodes,
    placed_fields,
    plain_words,
    relative_imports,
    unowned,
    vendor_words,
)

ROOT = Path(__file__).parent.parent

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
    "looking": 7,
    "health": 7,
    "planning": 7,
    "applying": 7,
    "engine": 7,
    "repair": 7,
    "report": 8,
    "api": 9,
    "cli": 10,
}
"""Rooms of the engine, lowest first: an import goes to the same room or a lower floor."""


DOORS = ("__main__", "builtin", "design", "kit", "lab", "testing")
"""Rooms that nothing of the engine imports: built-in plugins, what they share, and what users' tests use."""


BEHIND = ("engine", "looking", "health", "planning", "applying", "repair", "host", "steps")
"""Rooms behind `haplan.api`."""


def room(name: str) -> str:
    """The room a module of the engine belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


KNOWN = modules(ROOT)


@pytest.fixture(scope="module", autouse=True)
def parsed() -> Iterator[None]:
    """Files are parsed once for all that is asked of them, and forgotten with the last question."""
    yield
    forget()


def test_every_room_has_its_floor() -> None:
    assert {room(name) for name in KNOWN if name.startswith("haplan.")} == {*FLOORS, *DOORS}


@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("haplan.") and room(name) in FLOORS])
def test_imports_of_the_engine_only_go_down(name: str) -> None:
    for other in imports(name, KNOWN):
        if other.startswith("haplan.") and room(other) != room(name):
            assert room(other) in FLOORS, f"{name} imports {other}: the engine imports no plugin"
            assert FLOORS[room(other)] <= FLOORS[room(name)], f"{name} imports {other}, which is above it"


def test_the_root_holds_only_the_faces_and_the_story() -> None:
    root = {file.stem for file in (ROOT / "haplan").glob("*.py")}
    faces = {"__init__", "__main__", "plugin", "plugins", "hookspecs", "builtin", "errors"}
    assert root == {*faces, "engine", "looking", "health", "planning", "applying", "repair"}


def test_a_session_opens_and_closes_and_is_short() -> None:
    assert len(KNOWN["haplan.host.session"].read_text().splitlines()) < 150


def test_the_command_line_reaches_the_engine_by_the_interface_for_programs_alone() -> None:
    for name in KNOWN:
        if room(name) == "cli" and name.startswith("haplan."):
            behind = {other for other in imports(name, KNOWN) if room(other) in BEHIND}
            assert behind == set(), f"{name} imports {sorted(behind)}"


def test_no_class_has_more_than_200_lines() -> None:
    long = {
        node.name
        for file in KNOWN.values()
        for node in nodes(file)
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= 200
    }
    assert long == set()


def test_steps_do_not_import_steps() -> None:
    for name in KNOWN:
        if not name.startswith("haplan.steps."):
            continue
        step = name.split(".")[2]
        for other in imports(name, KNOWN):
            assert not other.startswith("haplan.steps.") or other.split(".")[2] == step, f"{name} imports {other}"


def test_the_engine_knows_no_vendor() -> None:
    assert vendor_words(modules(ROOT, "haplan"), but=["haplan.design"]) == []


def test_imports_are_absolute() -> None:
    assert relative_imports({**KNOWN, **modules(ROOT, "tests")}) == []


def test_no_test_is_run_twice_because_its_class_is_imported() -> None:
    twice = [
        f"{name}:{node.lineno}: {one.name}"
        for name, file in modules(ROOT, "tests").items()
        for node in nodes(file)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests.")
        for one in node.names
        if one.name.startswith(("Test", "test_"))
        and not Path(ROOT, *(node.module or "").split("."), f"{one.name}.py").is_file()
    ]
    assert twice == [], "pytest collects what stands in a module by that name: import the module"


def test_a_plugin_imports_the_published_surface_and_itself() -> None:
    for name in KNOWN:
        own = name.split(".")[0]
        if own == "haplan":
            continue
        for other in imports(name, KNOWN):
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
        for node in nodes(file):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                speaks = called in speaking or (called.startswith("write") and "std" in ast.dump(node.func))
                assert not speaks, f"{name}:{node.lineno} calls {called}"


def test_what_providers_share_stands_on_the_published_surface_alone() -> None:
    for name in KNOWN:
        if name.startswith("haplan.kit"):
            others = {other.split(".")[1] for other in imports(name, KNOWN)}
            assert others <= {"kit", "plugin"}, f"{name} imports {others}"


def test_nothing_imports_in_a_circle() -> None:
    assert circles(KNOWN) == []


def test_what_changes_says_which_threads_may_touch_it() -> None:
    assert unowned(KNOWN) == [], "say so in its docstring: `Threads: one, that of …`, or `any, under one lock`"


def test_what_is_kept_of_what_comes_from_outside_has_an_end() -> None:
    assert endless_caches(KNOWN) == []


def test_a_constructor_of_over_four_fields_takes_them_by_name() -> None:
    assert placed_fields(KNOWN) == []


def test_private_data_parts_and_steps_of_a_provider_are_types_of_its_own() -> None:
    assert plain_words(KNOWN) == []


def test_there_is_one_canonical_json_and_one_module_that_makes_nouns_of_plain_json() -> None:
    assert json_of_its_own(KNOWN) == []


# --- The tests bark ---------------------------------------------------------------------------------------------------


def planted(root: Path, files: dict[str, str]) -> dict[str, Path]:
    """A small house with these files."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return modules(root)


FAR = {"haplan/deep/__init__.py": "", "haplan/deep/far.py": "from haplan.deep.near import a\nb = 1\n"}
"""One half of a circle."""


@pytest.mark.parametrize(
    "near",
    [
        "from haplan.deep.far import b\na = 1\n",
        "import haplan.deep.far\na = 1\n",
        "from haplan.deep import far\na = 1\n",
        "from .far import b\na = 1\n",
        "from . import far\na = 1\n",
        "from ..deep.far import b\na = 1\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from haplan.deep.far import b\na = 1\n",
        "import typing\nif typing.TYPE_CHECKING:\n    from .far import b\na = 1\n",
        "def late():\n    from haplan.deep.far import b\na = 1\n",
        "class A:\n    async def late(self):\n        from .far import b\na = 1\n",
        "try:\n    from haplan.deep.far import b\nexcept ImportError:\n    b = 0\na = 1\n",
    ],
)
def test_a_circle_is_seen_wherever_an_import_hides(tmp_path: Path, near: str) -> None:
    known = planted(tmp_path, {**FAR, "haplan/deep/near.py": near})
    assert circles(known) == [["haplan.deep.far", "haplan.deep.near"]]


def test_a_circle_in_a_lab_is_seen(tmp_path: Path) -> None:
    lab = "providers/haplan_pond/lab"
    files = {
        "__init__": "from .server import Server",
        "server": "from . import water\nfrom .tools import tool",
        "tools": "if TYPE_CHECKING:\n    from haplan_pond.lab import Server",
        "water": "",
    }
    known = planted(tmp_path, {f"{lab}/{name}.py": text for name, text in files.items()})
    assert circles(known) == [["haplan_pond.lab", "haplan_pond.lab.server", "haplan_pond.lab.tools"]]
    assert imports("haplan_pond.lab.server", known) == {"haplan_pond.lab.water", "haplan_pond.lab.tools"}


@pytest.mark.parametrize("line", ["from .far import b", "from . import far", "def f():\n    from ..deep import far"])
def test_a_relative_import_is_seen(tmp_path: Path, line: str) -> None:
    known = planted(tmp_path, {"haplan/deep/__init__.py": "", "haplan/deep/near.py": line})
    assert relative_imports(known) == [f"haplan.deep.near:{1 + line.count(chr(10))}"]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("HINT = \"write provider('mist') first\"", "mist"),
        ('HINT = f"{1} answers as a vSRX{2}"', "SRX"),
        ('KINDS = {"SSR120": 1}', "SSR"),
        ("def to_netconf() -> None: ...", "netconf"),
        ("class JunosText: ...", "Junos"),
        ("def ask(conductor: int) -> None: ...", "conductor"),
        ("x = thing.mist_host", "mist"),
        ("call(session_smart=1)", "session_smart"),
        ("from haplan_mist import client", "mist"),
        ("import asyncio as netconf", "netconf"),
        ('raise ValueError("Session Smart routers only")', "Session Smart"),
        ('option("--x", help="fine", default="juniper")', "juniper"),
    ],
)
def test_a_vendors_word_in_code_is_seen(tmp_path: Path, code: str, word: str) -> None:
    found = vendor_words(planted(tmp_path, {"haplan/a.py": code}))
    assert [one.partition(": ")[2].lower() for one in found] == [word.lower()]


@pytest.mark.parametrize(
    "code",
    [
        '"""Such as Mist, over NETCONF."""',
        'class A:\n    """An SRX."""\n    x: int = 1\n    """Of a conductor."""',
        'option("--x", help="such as mist, or {}".format(1))',
        "# Junos says so",
        "mistake = misty = conducting = srxx = assrt = 1",
    ],
)
def test_examples_for_people_may_name_a_vendor(tmp_path: Path, code: str) -> None:
    assert vendor_words(planted(tmp_path, {"haplan/a.py": code})) == []


def test_the_design_may_name_a_vendor_and_nobody_who_is_called_alike(tmp_path: Path) -> None:
    known = planted(tmp_path, {"haplan/design/a.py": 'X = "SRX"', "haplan/designs.py": 'X = "SRX"'})
    assert vendor_words(known, but=["haplan.design"]) == ["haplan.designs:1: SRX"]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("class A:\n    def f(self):\n        self.a = 1", "A"),
        ("class A:\n    def f(self):\n        self.a += 1", "A"),
        ("class A:\n    def f(self):\n        del self.a", "A"),
        ("class A:\n    def f(self):\n        self.a['x'] = 1", "A"),
        ("class A:\n    async def f(self):\n        self.a.append(1)", "A"),
        ("_last = []\ndef f(x):\n    _last[:] = [x]", "_last"),
        ("_last: dict[str, int] = {}\ndef f(x):\n    _last.setdefault(x, 1)", "_last"),
        ("_last = None\ndef f(x):\n    global _last\n    _last = x", "_last"),
        ("class K: ...\n_k = K()\ndef f(x):\n    _k.last = x", "_k"),
        ("class K: ...\n_k = K()\ndef f(x):\n    _k.all.add(x)", "_k"),
    ],
)
def test_what_changes_and_says_nothing_of_threads_is_seen(tmp_path: Path, code: str, what: str) -> None:
    (found,) = unowned(planted(tmp_path, {"haplan/a.py": code}))
    assert found.endswith(f": {what}")


@pytest.mark.parametrize(
    "code",
    [
        'class A:\n    """A.\n\n    Threads: one.\n    """\n    def f(self):\n        self.a = 1',
        "class A:\n    def __init__(self):\n        self.a = {}\n        self.a['x'] = 1",
        '_last = []\n"""Threads: any; under a lock."""\ndef f(x):\n    _last[:] = [x]',
        "_last = []\ndef f(_last):\n    _last.append(1)",
        "_last = []\ndef f():\n    _last = []\n    _last.append(1)",
        "_KNOWN = {}\nfor one in (1, 2):\n    _KNOWN[one] = 1\ndef f(x):\n    return _KNOWN[x]",
    ],
)
def test_what_has_an_owner_or_never_changes_is_fine(tmp_path: Path, code: str) -> None:
    assert unowned(planted(tmp_path, {"haplan/a.py": code})) == []


def test_a_cache_without_an_end_is_seen(tmp_path: Path) -> None:
    code = "@cache\ndef a(x): ...\n@functools.cache\ndef b(x): ...\n@lru_cache(None)\ndef c(x): ...\n"
    code += "@lru_cache(maxsize=None)\ndef d(x): ...\n"
    fine = "@cache\ndef e(): ...\n@lru_cache(100)\ndef f(x): ...\n@lru_cache\ndef g(x): ...\n"
    found = endless_caches(planted(tmp_path, {"haplan/a.py": code + fine}))
    assert [one.rpartition(" ")[2] for one in found] == ["a", "b", "c", "d"]


FIVE = "    a: int\n    b: int\n    c: int\n    d: int = 1\n    e: int = 2\n"


@pytest.mark.parametrize(
    "code",
    [
        f"@attrs.frozen\nclass A:\n{FIVE}",
        f"@attrs.define(eq=False)\nclass A:\n{FIVE}",
        f"@frozen\nclass A:\n{FIVE}",
        f"@dataclass\nclass A:\n{FIVE}",
        f"@dataclasses.dataclass(frozen=True)\nclass A:\n{FIVE}",
        "class A:\n    def __init__(self, a, b, c, d, e=1): ...\n",
        f"def late():\n    @attrs.frozen\n    class A:\n{FIVE.replace('    ', '        ')}",
    ],
)
def test_a_constructor_that_takes_five_fields_by_place_is_seen(tmp_path: Path, code: str) -> None:
    assert [one.rpartition(": ")[2] for one in placed_fields(planted(tmp_path, {"haplan/a.py": code}))] == ["A"]


@pytest.mark.parametrize(
    "code",
    [
        f"@attrs.frozen(kw_only=True)\nclass A:\n{FIVE}",
        f"@dataclass(kw_only=True)\nclass A:\n{FIVE}",
        "@attrs.frozen\nclass A:\n" + FIVE.replace("e: int = 2", "e: int = attrs.field(init=False)"),
        "@attrs.frozen\nclass A:\n" + FIVE.replace("e: int", "e: ClassVar[int]"),
        "class A:\n    def __init__(self, a, b, c, d, *, e=1): ...\n",
    ],
)
def test_a_constructor_that_takes_four_by_place_or_all_by_name_is_fine(tmp_path: Path, code: str) -> None:
    assert placed_fields(planted(tmp_path, {"haplan/a.py": code})) == []


@pytest.mark.parametrize(
    "code",
    [
        "x = row.private['was']",
        "x = change.private.get('name')",
        "Seen(private={'name': 1})",
        "Written(private={address: {'name': 1}})",
        "Placement(document=d, part='retire')",
        "x = placement.part == 'retire'",
        "x = intent.step in ('a', 'b') or intent.step == 'form'",
        "io.about_to('form', address, {})",
        "io.about_to(f'{verb} profile', address, {})",
    ],
)
def test_a_plain_word_in_a_provider_is_seen(tmp_path: Path, code: str) -> None:
    assert plain_words(planted(tmp_path, {"providers/haplan_pond/a.py": code})) == ["haplan_pond.a:1"]


def test_the_engine_hands_private_data_on_and_a_provider_reads_it_in_one_place(tmp_path: Path) -> None:
    files = {
        "haplan/a.py": "x = {**row.private, **written.private.get(address, {})}",
        "providers/haplan_pond/private.py": "x = row.private.get('name')",
        "providers/haplan_pond/b.py": "Seen(private=Private(name=n).plain(), part=Piece.BIND)",
    }
    assert plain_words(planted(tmp_path, files)) == []


def test_json_with_sorted_keys_and_nouns_made_elsewhere_are_seen(tmp_path: Path) -> None:
    code = (
        "a = json.dumps(x, sort_keys=True)\nb = json.JSONEncoder(sort_keys=True)\nimport cattrs\nfrom cattrs import gen"
    )
    files = {f"haplan/{name}.py": code for name in ("a", "model/canonical", "state/nouns")}
    assert json_of_its_own(planted(tmp_path, files)) == [
        "haplan.a:1: sort_keys", "haplan.a:2: sort_keys", "haplan.a:3: cattrs", "haplan.a:4: cattrs",
        "haplan.model.canonical:3: cattrs", "haplan.model.canonical:4: cattrs",
        "haplan.state.nouns:1: sort_keys", "haplan.state.nouns:2: sort_keys",
    ]  # fmt: skip


TYPED = {"tests/design", "tests/interruption", "tests/kit", "tests/language", "tests/stranger", "tests/wall"}
"""Folders of tests that mypy holds as strictly as the code; the next one is put here and into `pyproject.toml`."""


def test_what_is_typed_of_the_tests_only_grows() -> None:
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    strict = {one for part in mypy["overrides"] if not part["ignore_errors"] for one in part["module"]}
    assert {one for one in mypy["files"] if one.startswith("tests/")} == TYPED
    assert strict == {f"{one.replace('/', '.')}.*" for one in TYPED}
