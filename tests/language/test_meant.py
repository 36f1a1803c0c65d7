"""What may be meant by a name that is absent, or a value of another shape; each hint is followed, and gets further."""

import re
from typing import Any

import pytest

PROVIDER = 'from haplan import Data, provider\nprovider("mist")\n'
BRANCH = {"modules/branch.py": "def branch():\n    ...\n", "modules/hub.py": "def hub():\n    ...\n"}

IMPORTS = [
    (
        "from ..modules.brnch import branch",
        "no module 'modules.brnch' beside the stack; did you mean 'modules.branch'?",
    ),
    ("from ..module.branch import branch", "no module 'module' beside the stack; did you mean 'modules'?"),
    ("from ..modules.branch import brunch", "no 'brunch' in modules.branch; did you mean 'branch'?"),
    ("from ..modules import brnch", "no 'brnch' in modules; did you mean 'branch'?"),
    ("from haplan import Dta", "no 'Dta' in haplan; did you mean 'Data'?"),
    ("from haplan.design import Clustr", "no 'Clustr' in haplan.design; did you mean 'Cluster'?"),
    ("from haplan.desing import Cluster", "No module named 'haplan.desing'; did you mean 'haplan.design'?"),
    ("import haplann", "No module named 'haplann'; did you mean 'haplan'?"),
    ("import jsn", "No module named 'jsn'; did you mean 'json'?"),
    ("name = 'a'\nData(nam)", "name 'nam' is not defined; did you mean 'name'?"),
    ("def f():\n    inside = 1\n    return insid\nf()", "name 'insid' is not defined; did you mean 'inside'?"),
    ("prnt('x')", "name 'prnt' is not defined; did you mean 'print'?"),
]
"""(what is written, what is said of it): the misspelt word is followed by the right one."""


@pytest.mark.parametrize(("line", "says"), IMPORTS, ids=[line for line, _ in IMPORTS])
def test_a_misspelt_import_or_name_is_told_in_its_line_with_the_nearest(line: str, says: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + line, **BRANCH)
    assert mistake.startswith("stack.py:")
    assert mistake.endswith(says)
    at = int(mistake.split(":")[1].split(",")[0])
    lines = (PROVIDER + line).split("\n")
    wrong, right = re.findall(r"'([\w.]+)'", says)[0], re.findall(r"'([\w.]+)'", says)[-1]
    assert wrong.split(".")[-1] in lines[at - 1]
    followed = re.sub(rf"(?<![\w']){re.escape(wrong)}(?!\w)", right, PROVIDER + line)
    loader(followed, **BRANCH)


MISSING = [
    ("Site('a')", "name 'Site' is not defined; write from haplan.design import Site"),
    ("output('a', 1)", "name 'output' is not defined; write from haplan import output"),
    ("from haplan import Site\nSite('a')", "no 'Site' in haplan; write from haplan.design import Site"),
    (
        "from haplan.design import output\noutput('a', 1)",
        "no 'output' in haplan.design; write from haplan import output",
    ),
]


@pytest.mark.parametrize(("line", "says"), MISSING, ids=[line for line, _ in MISSING])
def test_a_missing_import_is_told_as_it_is_to_be_written(line: str, says: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + line)
    assert mistake.endswith(says)
    *_, rest = line.rpartition("\n")
    loader(PROVIDER + mistake.partition("; write ")[2] + "\n" + rest)


def test_a_neighbour_that_is_imported_as_if_it_were_installed_is_found_beside_the_stack(loader: Any) -> None:
    (mistake,) = loader.mistakes(PROVIDER + "from modules.branch import branch", **BRANCH)
    assert mistake.endswith("No module named 'modules'; it stands beside the stack: write from ..modules import …")
    loader(PROVIDER + "from ..modules.branch import branch", **BRANCH)


def test_a_wrong_import_in_a_neighbour_is_told_in_its_own_line(loader: Any) -> None:
    files = {"modules/branch.py": "\nfrom haplan.design import Sites\n"}
    (mistake,) = loader.mistakes(PROVIDER + "from ..modules.branch import branch", **files)
    assert mistake == "modules/branch.py:2, from here/stack.py:3: no 'Sites' in haplan.design; did you mean 'Site'?"


# --- Shapes -----------------------------------------------------------------------------------------------------------

DESIGN = PROVIDER + "from haplan.design import *\n"
SERVED = 'n = Network("n", subnet="10.0.0.0/24", vlan_id=5)\nd = dhcp_server({})\n'
SERVED += 'WanEdgeTemplate("t", interfaces=[lan("l", "ge-0/0/3", {{n: lan_address("10.0.0.1/24", dhcp=d)}})])'
RANGE = '"10.0.0.5", "10.0.0.9"'
SHAPES = [
    (f"{RANGE}, dns_servers=@@", '"1.1.1.1"', '["1.1.1.1"]', "a list: "),
    (f"{RANGE}, dns_servers=@@", '"1.1.1.1, 8.8.8.8"', '["1.1.1.1", "8.8.8.8"]', "a list: "),
    (f"{RANGE}, lease=@@", '"7200"', "7200", "it as a number: "),
    ('@@, "10.0.0.9"', '["10.0.0.5"]', '"10.0.0.5"', "it alone, not in a list: "),
]
"""What a DHCP server is called with, what is wrong in it, what is right, and the words before that."""
BLOCKS = [
    ('Application("a", addresses=@@)', '"10.0.0.0/8"', '["10.0.0.0/8"]', "a list: "),
    ('Application("a", addresses=@@)', '"10.0.0.0/8,10.9.0.0/16"', '["10.0.0.0/8", "10.9.0.0/16"]', "a list: "),
    ('Network("n", subnet="10.0.0.0/24", cloud_access=@@)', '"true"', "True", ""),
    ('Network("n", subnet=@@, vlan_id=7)', '["10.0.0.0/24"]', '"10.0.0.0/24"', "it alone, not in a list: "),
    ('Site("s", address=@@)', "5", '"5"', "it as text: "),
    ('Site("s", timezone=@@)', '["UTC"]', '"UTC"', "it alone, not in a list: "),
]


@pytest.mark.parametrize(
    ("text", "wrong", "right", "words"),
    [*BLOCKS, *((SERVED.format(call), wrong, right, words) for call, wrong, right, words in SHAPES)],
)
def test_a_wrong_shape_is_told_as_it_is_to_be_written(
    text: str, wrong: str, right: str, words: str, loader: Any
) -> None:
    (mistake,) = loader.mistakes(DESIGN + text.replace("@@", wrong))
    assert mistake.endswith(f"; write {words}{right}")
    loader(DESIGN + text.replace("@@", mistake.partition("; write ")[2].removeprefix(words)))


@pytest.mark.parametrize(
    "text",
    [
        'Application("a", addresses="10.0.0.0/99")',
        'Application("a", addresses=5)',
        'Network("n", subnet=["a", "b"], vlan_id=7)',
        'Network("n", subnet="10.0.0.0/24", vlan_id="seven")',
        'Network("n", subnet="10.0.0.0/24", cloud_access="perhaps")',
    ],
)
def test_no_shape_is_proposed_that_is_not_taken(text: str, loader: Any) -> None:
    (mistake,) = loader.mistakes(DESIGN + text)
    assert "; write" not in mistake


# --- Places -----------------------------------------------------------------------------------------------------------

PLACES = [
    ("timezone", "Europe/Zürich", "Europe/Zurich"),
    ("timezone", "europe/berlin", "Europe/Berlin"),
    ("timezone", "America/New York", "America/New_York"),
    ("timezone", "Berlin", "Europe/Berlin"),
    ("country_code", "us", "US"),
    ("country_code", "Switzerland", "CH"),
]


@pytest.mark.parametrize(("field", "wrong", "right"), PLACES)
def test_a_country_or_time_zone_that_is_none_is_told_with_the_nearest(
    field: str, wrong: str, right: str, loader: Any
) -> None:
    (mistake,) = loader.mistakes(f'{DESIGN}Site("s", {field}="{wrong}")')
    assert mistake.startswith(f"stack.py:4: site.s: {field}: expected ")
    assert mistake.endswith(f"; did you mean '{right}'?")
    loader(f'{DESIGN}Site("s", {field}="{right}")')


@pytest.mark.parametrize("wrong", ["XX", "EU", "USA", "", "ß"])
def test_what_is_in_no_list_of_countries_is_none(wrong: str, loader: Any) -> None:
    assert (
        "expected the two capital letters of a country"
        in loader.mistakes(f'{DESIGN}Site("s", country_code="{wrong}")')[0]
    )


@pytest.mark.parametrize("wrong", ["Mars/Base", "../UTC", "localtime", "right/UTC", "Europe", "/etc/passwd", "a\\0b"])
def test_what_is_in_no_list_of_time_zones_is_none(wrong: str, loader: Any) -> None:
    assert "expected a time zone" in loader.mistakes(f'{DESIGN}Site("s", timezone="{wrong}")')[0]


def test_a_site_variable_stands_for_any_time_zone(loader: Any) -> None:
    loader(DESIGN + 'Site("s", timezone="{{ZONE}}", country_code="{{LAND}}")')
