"""Loading: folders, files, neighbours, rows, modules, and nothing left behind."""

import linecache
import sys
from pathlib import Path
from typing import Any

import pytest

from haplan.errors import HaplanError
from haplan.language.record import PACKAGE
from haplan.model.stack import Stack
from haplan.steps.load import find

PROVIDER = 'from haplan import Data, module, output, provider, rows, secret, variable\nprovider("mist")\n'
SITES = "from haplan.design import *\n"


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_load_leaves_no_trace(loader: Any, tmp_path: Path) -> None:
    loader(PROVIDER + "from .other import x\nfrom ..shared.more import y", **{
        "here/other.py": "x = 1", "shared/more.py": "import attrs\n@attrs.frozen\nclass A:\n    a: int\ny = A(2)",
    })  # fmt: skip
    assert files(tmp_path) == {"here/stack.py", "here/other.py", "shared/more.py"}
    assert not [name for name in [*sys.modules, *linecache.cache] if PACKAGE in name]
    assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("haplan.")]
    assert not [
        place for place, finder in sys.path_importer_cache.items() if type(finder).__module__.startswith("haplan.")
    ]


@pytest.mark.parametrize(
    ("line", "beside"),
    [
        ("from .region.east import x", {"here/region/east.py": "x = 'a'"}),
        ("from .region import x", {"here/region/__init__.py": "from .east import x", "here/region/east.py": "x = 'a'"}),
        ("from . import east\nx = east.x", {"here/east.py": "x = 'a'"}),
        ("from .east import x", {"here/east.py": "from . import west\nx = 'a'", "here/west.py": "from . import east"}),
        ("from importlib import import_module\nx = import_module('.east', __package__).x", {"here/east.py": "x = 'a'"}),
        ("import pkgutil\nx = next(pkgutil.iter_modules(sys.modules[__package__].__path__)).name", {"here/a.py": ""}),
        ("from .east import Kind\nx = Kind('a').name", {
            "here/east.py": "from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "@dataclass\nclass Kind:\n    name: str"}),
        ("import importlib\nimportlib.invalidate_caches()\nfrom .east import x", {"here/east.py": "x = 'a'"}),
        ("from threading import Thread\nfound = []\ndef late():\n    from .east import x\n    found.append(x)\n"
         "thread = Thread(target=late)\nthread.start()\nthread.join()\nx = found[0]", {"here/east.py": "x = 'a'"}),
    ],
)  # fmt: skip
def test_modules_are_pythons_own(line: str, beside: dict[str, str], loader: Any, tmp_path: Path) -> None:
    stack = loader(f"import sys\nfrom haplan import Data\n{line}\nData(x)", **beside)
    assert list(stack.blocks) == ["record.a"]
    assert set(stack.inputs) == {"here/stack.py", *(name for name in beside if name != "here/a.py")}
    assert not [name for name in files(tmp_path) if name.endswith(".pyc")]


def test_what_outlives_its_load_finds_nothing_of_another(loader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "kept", None, raising=False)
    loader(
        "import sys\ndef late():\n    from .own import x\n    return x\nsys.kept = late",
        "a/stack.py",
        **{"a/own.py": "x = 1"},
    )
    text = "import sys\nfrom .own import x\nsys.kept()"
    (mistake,) = loader.mistakes(text, "b/stack.py", **{"b/own.py": "x = 2"})
    assert mistake.startswith("stack.py:3: ModuleNotFoundError: No module named")


def test_a_thread_of_a_stack_declares_nothing(loader: Any) -> None:
    text = "from haplan import Data\nfrom concurrent.futures import ThreadPoolExecutor\n"
    text += "with ThreadPoolExecutor(1) as pool:\n    pool.submit(Data, 'a').result()"
    (mistake,) = loader.mistakes(text)
    assert "outside a load" in mistake


@pytest.mark.parametrize("line", ["Data(__name__)", "Data('a', input=[__name__])", "Data('a', input={__name__: 1})"])
def test_the_name_of_a_private_module_is_no_value(line: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(f"from haplan import Data\n{line}")
    assert "holds the name of a module of the stack, which is another one at each load" in mistake


def test_loading_twice_gives_equal_stacks(loader: Any) -> None:
    text = PROVIDER + SITES + 'a = Site("a", variables={"X": "1"})\nData("d", input=f"{a.id} {a.role}")'
    assert loader(text) == loader.again()


def test_a_changed_file_is_read_again(loader: Any) -> None:
    assert "site.a" in loader(PROVIDER + SITES + 'Site("a")').blocks
    assert "site.b" in loader(PROVIDER + SITES + 'Site("b")').blocks


def test_a_single_file_is_a_stack(loader: Any) -> None:
    stack = loader(PROVIDER + SITES + 'Site("a")', "here/lonely.py")
    assert (stack.name, list(stack.blocks)) == ("lonely", ["site.a"])


@pytest.mark.parametrize("place", ["my-stack.v2/stack.py", "1st/stack.py", "here/my-stack.v2.py", "a b/stack.py"])
def test_folders_and_files_may_have_odd_names(place: str, loader: Any) -> None:
    stack = loader(PROVIDER + SITES + "from .beside import label\nSite(label)", place, **{
        f"{place.split('/')[0]}/beside.py": 'label = "a"',
    })  # fmt: skip
    assert list(stack.blocks) == ["site.a"]
    assert stack.inputs == tuple(sorted([place, f"{place.split('/')[0]}/beside.py"]))


def test_a_neighbour_is_imported_and_named_in_locations(loader: Any) -> None:
    stack = loader(PROVIDER + "from ..shared.sites import make\nmake()", **{
        "shared/sites.py": "from haplan.design import Site\n\ndef make():\n    Site('a')\n",
    })  # fmt: skip
    assert str(stack.blocks["site.a"].location) == "shared/sites.py:4, from here/stack.py:4"
    assert stack.inputs == ("here/stack.py", "shared/sites.py")


def test_a_missing_neighbour_is_one_clear_line(loader: Any) -> None:
    assert loader.mistakes(PROVIDER + "from ..shared.sites import make") == [
        "stack.py:3: no module 'shared' beside the stack"
    ]


def test_a_mistake_in_a_neighbour_says_the_calls_that_led_there(loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + "from ..shared.sites import make\n\nmake()", **{
        "shared/sites.py": "from haplan.design import Site\n\ndef make():\n    Site('a', timezone=3)\n",
    })  # fmt: skip
    assert mistake == "shared/sites.py:4, from here/stack.py:5: site.a: timezone: expected text, got 3"


def test_rows_name_their_line_in_mistakes(loader: Any) -> None:
    text = (
        PROVIDER + SITES + 'for row in rows("sites.csv"):\n    Site(row["name"], variables=row.group("var."), zone=1)'
    )
    found = loader.mistakes(text, **{"here/sites.csv": "name,var.A\na,1\nb,\n"})
    assert found[0].startswith("stack.py:5 (sites.csv:2): site.a: unknown keyword 'zone'")
    assert found[1].startswith("stack.py:5 (sites.csv:3): site.b: unknown keyword 'zone'")


def test_rows_leave_blank_cells_out_of_groups(loader: Any) -> None:
    text = PROVIDER + SITES + 'for row in rows("sites.csv"):\n    Site(row["name"], variables=row.group("var."))'
    stack = loader(text, **{"here/sites.csv": "name,var.A,var.B\na,1,2\nb,,3\n"})
    assert stack.blocks["site.b"].values["variables"] == {"B": "3"}
    assert stack.inputs == ("here/sites.csv", "here/stack.py")


def test_a_missing_column_names_the_nearest(loader: Any) -> None:
    text = PROVIDER + SITES + 'for row in rows("sites.csv"):\n    Site("a", address=row["adress"])'
    (mistake,) = loader.mistakes(text, **{"here/sites.csv": "name,address\na,1\n"})
    assert mistake.startswith("stack.py:5 (sites.csv:2): sites.csv:2 has no column 'adress'; did you mean 'address'?")


def test_a_row_of_another_length_is_a_mistake(loader: Any) -> None:
    text = PROVIDER + 'for row in rows("sites.csv"):\n    pass'
    assert "2 columns are named" in loader.mistakes(text, **{"here/sites.csv": "a,b\n1,2,3\n"})[0]


def test_a_file_that_is_not_there_is_a_mistake(loader: Any) -> None:
    assert loader.mistakes(PROVIDER + 'list(rows("no.csv"))') == [
        "stack.py:3: rows: cannot read no.csv: No such file or directory"
    ]


def test_modules_stand_in_addresses_and_outputs(loader: Any) -> None:
    text = (
        PROVIDER
        + SITES
        + 'with module("m"):\n    with module("store 4"):\n        Site("a")\n        output("o", 1)\nSite("b")'
    )
    stack = loader(text)
    assert list(stack.blocks) == ['module.m.module."store 4".site.a', "site.b"]
    assert list(stack.outputs) == ["module.m.module.store 4.o"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('Site("a")\nSite("a")', "site.a: is declared twice; first at stack.py:4. Labels must differ"),
        ('Site("a")\nSite("b", name="a")', "site.b: site 'a' is declared twice; first at stack.py:4"),
        ('output("o", 1)\noutput("o", 2)', "output o: is declared twice; first at stack.py:4"),
        ('variable("v", default=1)\nvariable("v", default=2)', "variable 'v' is declared twice; first at stack.py:4"),
        ('provider("srx")\nprovider("srx")', "provider 'srx' is declared twice; first at stack.py:4"),
    ],
)
def test_one_name_twice_names_both_lines(lines: str, says: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + SITES + lines)
    assert mistake.startswith(f"stack.py:5: {says}")


def test_names_of_rules_count_in_their_owner_only(loader: Any) -> None:
    text = PROVIDER + SITES + (
        't1 = WanEdgeTemplate("t1", interfaces=[])\nt2 = WanEdgeTemplate("t2", interfaces=[])\n'
        'for t in (t1, t2):\n    Policy("p", template=t, networks=[], applications=[], action="allow")'
    )  # fmt: skip
    assert [a for a in loader(text).blocks if a.startswith("policy")] == ["policy.t1.p", "policy.t2.p"]


def test_one_policy_label_twice_names_the_rule(loader: Any) -> None:
    text = PROVIDER + SITES + (
        't = WanEdgeTemplate("t", interfaces=[])\n'
        'for _ in range(2):\n    Policy("p", template=t, networks=[], applications=[], action="allow")'
    )  # fmt: skip
    assert loader.mistakes(text)[0].endswith("Labels must differ (HA100)")


def test_variables_come_from_outside_or_from_their_default(loader: Any) -> None:
    loader.given = {"a": "from outside"}
    stack = loader(PROVIDER + 'Data("d", input=[variable("a"), variable("b", default=3)])')
    assert stack.blocks["record.d"].values["input"] == ["from outside", 3]
    assert (stack.variables["a"].source, stack.variables["b"].source) == ("--var", "default")


def test_a_variable_without_value_says_how_to_give_one(loader: Any) -> None:
    assert loader.mistakes(PROVIDER + 'Data("d", input=variable("a"))') == [
        "stack.py:3: variable 'a': no value given; use --var"
    ]


def test_secrets_are_known_by_their_source_only(loader: Any) -> None:
    loader.given = {"pw": "hunter2"}
    stack = loader(
        PROVIDER
        + SITES
        + 'Overlay("o", psk=secret("env:PSK", version="3"))\nData("d", input=variable("pw", sensitive=True))'
    )
    assert stack.sources() == ("env:PSK",)
    assert "hunter2" not in str([block.values for block in stack.blocks.values()])


def test_a_secret_as_text_is_refused(loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + SITES + 'Overlay("o", psk="hunter2")')
    assert mistake == (
        'stack.py:4: overlay.o: psk: expected secret("env:NAME"), got text; a secret never stands in a stack'
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Sit('a')", "stack.py:4: NameError: name 'Sit' is not defined"),
        ("def f(:", "stack.py:4: syntax error: "),
        ("raise SystemExit(3)", "stack.py:4: SystemExit: 3"),
        ("import nothing_of_the_sort", "stack.py:4: ModuleNotFoundError: No module named 'nothing_of_the_sort'"),
        ("Site('a').rol", "stack.py:4: AttributeError: 'Site' object has no attribute 'rol'"),
    ],
)
def test_exceptions_of_pythons_own_are_one_line(line: str, says: str, loader: Any) -> None:
    assert loader.mistakes(PROVIDER + SITES + line)[-1].startswith(says)


def test_what_only_follows_from_a_mistake_is_not_told(loader: Any) -> None:
    loader.given = {}
    assert loader.mistakes("from haplan import variable\nfor i in range(variable('n', type=int)):\n    pass\n") == [
        "stack.py:2: variable 'n': no value given; use --var"
    ]


def test_prints_do_not_mix_with_results(loader: Any, capsys: pytest.CaptureFixture[str]) -> None:
    loader(PROVIDER + 'print("hello")\nfrom . import other', **{"here/other.py": 'print("more", 2, sep="-", end=".")'})
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\nmore-2.")


def test_a_stack_that_is_run_by_hand_says_what_to_run() -> None:
    from haplan.design import Site

    with pytest.raises(HaplanError, match=r"outside a load; write it in a stack\.py and run: haplan plan"):
        Site("a")


@pytest.mark.parametrize(("place", "says"), [("nowhere", "no such stack"), (".", "no stack.py in this folder")])
def test_what_is_no_stack_is_said(place: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(HaplanError, match=says):
        find(tmp_path / place)


def providers(loader: Any, text: str) -> Stack:
    found: Stack = loader("from haplan import provider\n" + SITES + text)
    return found


def test_a_resource_takes_its_owners_provider(loader: Any) -> None:
    stack = providers(loader, (
        'a = provider("mist", alias="a")\nb = provider("mist", alias="b")\n'
        't = WanEdgeTemplate("t", provider=a, interfaces=[])\ns = Site("s", provider=b)\n'
        'Policy("p", template=t, networks=[], applications=[], action="allow")'
    ))  # fmt: skip
    assert {b.address: b.provider for b in stack.blocks.values()} == {
        "wan_edge_template.t": "mist.a", "site.s": "mist.b", "policy.t.p": "mist.a",
    }  # fmt: skip


def test_a_cluster_takes_the_provider_of_what_it_carries(loader: Any) -> None:
    text = (
        'a = provider("mist", alias="a")\nt = WanEdgeTemplate("t", provider=a, interfaces=[])\n'
        'Cluster("c", site=Site("s", provider=a), template=t, model="SSR120", nodes=[])'
    )
    assert providers(loader, text).blocks["cluster.c"].provider == "mist.a"
    (mistake,) = loader.mistakes(
        "from haplan import provider\n" + SITES + text.replace("nodes=[]", 'nodes=[], provider=provider("srx")')
    )
    assert mistake == "stack.py:5: cluster.c: provider 'srx' differs from its owner's 'mist.a'"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('Site("s")', "the stack names no provider"),
        ('provider("mist")\nprovider("srx")\nSite("s")', "which provider? The stack has several"),
        ('provider("mist", alias="a")\nSite("s")', "which provider? The stack has none without an alias"),
    ],
)
def test_an_unclear_provider_is_asked_for(text: str, says: str, loader: Any) -> None:
    assert says in loader.mistakes("from haplan import provider\n" + SITES + text)[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2**60", "does not fit into JSON"),
        ("float('nan')", "does not fit into JSON"),
        ("'\\ud800'", "half of a character"),
    ],
)
def test_what_no_file_can_keep_is_a_mistake(loader: Any, value: str, words: str) -> None:
    (mistake,) = loader.mistakes(PROVIDER + f'Data("a", input={value})')
    assert mistake.startswith("stack.py:3: record.a: input: ")
    assert words in mistake


ENDLESS = "a number of too many digits"
"""What Python itself refuses to write: over 4,300 of them."""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('Site("s", name=10**5000)', f"site.s: name: expected text, got {ENDLESS}"),
        ('Site("s", variables={"A": 10**5000})', f"site.s: variables['A']: expected integer, got {ENDLESS}"),
        ('Site("s", extra={"mist": {"x": 10**5000}})', f"site.s: extra['mist']['x']: {ENDLESS} does not fit into JSON"),
        (
            'Network("n", subnet="10.0.0.0/8", vlan_id=10**5000)',
            f"network.n: vlan_id: expected integer 1 to 4094 or text, got {ENDLESS}",
        ),
        (
            'Network("n", subnet="10.0.0.0/8", vlan_id="9" * 5000)',
            "network.n: vlan_id: expected integer 1 to 4094",
        ),
        ('Data("d", input=[10**5000])', f"record.d: input[0]: {ENDLESS} does not fit into JSON"),
        ('output("o", 10**5000)', f"output o: {ENDLESS} does not fit into JSON"),
        ("limits(max_deletes=10**5000)", f"limits: max_deletes: expected a number from 0, got {ENDLESS}"),
        ('variable("v", default=10**5000)', f"variable 'v': {ENDLESS} does not fit into JSON"),
        ('variable("v", default=[float("nan")])', "variable 'v': nan does not fit into JSON"),
        ('lifecycle(timeouts={"create": 10**5000})', "lifecycle: timeouts['create']: expected seconds above 0"),
        ("lifecycle(timeouts=5)", 'lifecycle: timeouts: expected a map such as {"create": 600}, got 5'),
        ('Site("s", name=b"s")', "site.s: name: expected text, got bytes"),
    ],
)
def test_a_number_that_no_message_can_hold_is_a_mistake_of_its_own_place(loader: Any, line: str, says: str) -> None:
    text = 'from haplan import *\nfrom haplan.design import *\nprovider("mist")\n'
    (mistake,) = loader.mistakes(text + line)
    assert mistake.startswith(f"stack.py:4: {says}")


def test_a_wrong_attribute_names_those_of_the_type_and_nothing_of_the_engine(loader: Any) -> None:
    (mistake,) = loader.mistakes('from haplan import *\na = Data("a")\nData("b", input=a.nope)')
    assert mistake.startswith(
        "stack.py:3: AttributeError: 'Data' object has no attribute 'nope'; there are: depends_on"
    )
    assert "output" in mistake
    assert "haplan_" not in mistake


def test_a_block_without_a_label_asks_for_one(loader: Any) -> None:
    (mistake,) = loader.mistakes("from haplan import *\nData()")
    assert mistake == "stack.py:2: record: expected a label as first argument"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('variable("x", defualt=3)', "variable: unknown keyword 'defualt'; did you mean 'default'?"),
        ('output("o")', "output: missing a required argument: 'value'"),
        ('output("o", 1, sensetive=True)', "output: unknown keyword 'sensetive'; did you mean 'sensitive'?"),
        ('secret("env:A", vers="3")', "secret: unknown keyword 'vers'; did you mean 'version'?"),
        ("limits(max_delete=3)", "limits: unknown keyword 'max_delete'; did you mean 'max_deletes'?"),
        ('moved("record.a")', "moved: missing a required argument: 'new'"),
        ('imported("record.a")', "imported: missing a required argument: 'id'"),
        ("removed()", "removed: missing a required argument: 'address'"),
    ],
)
def test_a_wrong_call_of_a_block_does_not_hide_what_follows(line: str, says: str, loader: Any) -> None:
    mistakes = loader.mistakes(f"from haplan import *\n{line}\nData('d', inptu=1)")
    assert mistakes[0] == f"stack.py:2: {says}"
    assert mistakes[-1] == "stack.py:3: record.d: unknown keyword 'inptu'; did you mean 'input'?"


@pytest.mark.parametrize("alias", ["a/b", "../x", "a.b", "a b", "-a", "é"])
def test_an_alias_is_a_plain_word(loader: Any, alias: str) -> None:
    (mistake,) = loader.mistakes(f"from haplan import provider\nprovider('mist', alias={alias!r})\n")
    assert mistake == f"stack.py:2: provider 'mist': letters, digits, - and _ make an alias, not {alias!r}"
