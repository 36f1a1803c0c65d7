"""Every configuration of the tables is one that the vendor's models know.

The lab's extract of the models is asked everywhere; the whole models, with the vendor's commit-time constraints, where
the reference is beside the repository and an engine for them is installed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from haplan_srx.lab.config.schema import root, wrong_value
from haplan_srx.translate import xml
from haplan_srx.translate.difference import NOTHING, difference
from haplan_srx.translate.statements import Configuration, Live, Statement, keys, tag
from tests.srx.stacks import design, design_of, translation
from tests.srx.test_refusals import odd
from tests.srx.test_translate import CASES, STACKS, edited

VALIDATE = Path(__file__).parent.parent.parent.parent / "shared" / "tools" / "yang-validate"
UNSEEN = "Referenced group must be defined under [edit forwarding-options dhcp-relay server-group]"
"""The tool does not see the entries of this list, whose word the CLI leaves out; the lab's own constraints do."""
PAIRS = ("h1", "h2", "spoke1", "spoke2")


@pytest.fixture(scope="module")
def configurations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Statement]]:
    """By name: the worked example's four, and the tables'."""
    found = {}
    whole = design_of(STACKS / "hub_spoke_srx_netconf")
    for name in PAIRS:
        found[name] = translation(whole, f"cluster.{name}").configuration
    for number, (edits, _, _) in enumerate(CASES.values()):
        folder = tmp_path_factory.mktemp("case")
        found[f"case{number}"] = translation(design(folder, edited(*edits))).configuration
    return {name: list(one.statements.values()) for name, one in found.items()}


@pytest.fixture(scope="module")
def odd_ones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Statement]]:
    """Twenty stacks with odd labels in no order, one or two of each model."""
    folders = {f"odd{number}": (tmp_path_factory.mktemp("odd"), odd(number)) for number in range(20)}
    found = {name: translation(design(*one), None).configuration for name, one in folders.items()}
    return {name: list(one.statements.values()) for name, one in found.items()}


def test_the_models_of_the_lab_know_every_statement(configurations: dict[str, list[Statement]]) -> None:
    wrong = {problem for statements in configurations.values() for one in statements for problem in problems(one)}
    assert wrong == set()


def problems(one: Statement) -> Iterator[str]:
    node = root()
    for step in one.path:
        below = node.child(tag(step))
        if below is None:
            yield f"{one.path}: no {tag(step)}"
            return
        node = below
        for name, key in keys(step):
            leaf = node.child(name)
            if leaf is None:
                yield f"{one.path}: {tag(step)} has no {name}"
            elif why := wrong_value(leaf, key, False):
                yield f"{one.path}: {key}: {why}"
    for value in one.values if not one.secret else ():
        if why := wrong_value(node, value, False):
            yield f"{one.path}: {value}: {why}"


@pytest.mark.skipif(not VALIDATE.is_file(), reason="the vendor's models are not beside the repository")
def test_the_vendors_models_and_their_constraints_hold(
    tmp_path: Path, configurations: dict[str, list[Statement]]
) -> None:
    hold(tmp_path, configurations, covering(configurations))


@pytest.mark.deep
@pytest.mark.skipif(not VALIDATE.is_file(), reason="the vendor's models are not beside the repository")
def test_they_hold_for_stacks_with_odd_labels_on_every_model(
    tmp_path: Path, odd_ones: dict[str, list[Statement]]
) -> None:
    hold(tmp_path, odd_ones, list(odd_ones))


def hold(tmp_path: Path, configurations: dict[str, list[Statement]], names: list[str]) -> None:
    """The vendor's models have nothing to say of these."""
    python = os.environ.get("YANG_VALIDATE_PYTHON") or (sys.executable if find_spec("yangson") else "")
    if not python:
        pytest.skip("no YANG engine: install yangson, or name a Python that has it in YANG_VALIDATE_PYTHON")
    for name in names:
        statements = {one.path: one for one in configurations[name]}
        edits = difference(Configuration(statements), NOTHING, Live()).edits
        (tmp_path / f"{name}.xml").write_text(xml.text(xml.document(list(edits))))
    files = sorted(map(str, tmp_path.glob("*.xml")))
    environ = {**os.environ, "YANG_VALIDATE_PYTHON": python}
    done = subprocess.run([VALIDATE, "--must", *files], env=environ, capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if not line.endswith(UNSEEN)] == [], done.stdout


def covering(configurations: dict[str, list[Statement]]) -> list[str]:
    """The fewest that between them have every kind of statement: an engine takes seconds for each."""
    kinds = {name: {tuple(map(tag, one.path)) for one in statements} for name, statements in configurations.items()}
    left, found = set().union(*kinds.values()), list[str]()
    while left:
        found.append(max(kinds, key=lambda name: len(kinds[name] & left)))
        left -= kinds[found[-1]]
    return found
