"""No command looks through everything for each one: what it does for a resource does not grow with their number."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import pytest

import haplan.cli.main
from haplan.report import text
from tests.cli.conftest import Ended, Run
from tests.mixed import mixed
from tests.work import turns

SIZES = (12, 24, 48)
A_PAIR = 0.25
"""Lines of Python, at most, for each pair of resources: a loop through all for each one has one or more."""
STACK = """
from haplan import Data, module, output
above = None
for number in {numbers}:
    with module(f"m{{number % 3}}"):
        above = Data(f"r{{number:03d}}", input={{"number": number, "note": "{note}", "above": above and above.id}})
    output(f"o{{number}}", above.id)
"""
EACH = {
    "validate": ["validate edge"],
    "plan": ["plan edge", "plan edge --refresh-only", "plan edge --no-refresh", "plan edge --destroy --json"],
    "verify": ["plan edge --out new.plan", "verify new.plan"],
    "traffic": ["traffic edge"],
    "health": ["health edge"],
    "snapshot": ["snapshot edge"],
    "apply": ["plan edge --out new.plan", "apply new.plan --auto-approve", "apply edge --auto-approve"],
    "show": ["show new.plan", "show new.plan --format json", "show new.plan --format markdown", "show edge"],
    "drift": ["drift edge"],
    "graph": ["graph edge", "graph edge --format mermaid", "graph edge --json"],
    "output": ["output edge", "output edge o3", "output edge --json"],
    "runs": ["runs edge", "runs prune edge --keep 9"],
    "import": ["import edge module.m0.record.r003 some-id"],
    "state": [
        "state list edge", "state show edge module.m0.record.r003", "state taint edge module.m0.record.r003",
        "state untaint edge module.m0.record.r003", "state history edge", "state pull edge",
        "state mv edge module.m1 module.other", "state mv edge module.other module.m1",
        "state rm edge module.m2.*", "state prune edge --keep 9",
    ],
    "rollback": ["rollback edge --to {run} --auto-approve"],
    "destroy": ["destroy edge --auto-approve"],
}  # fmt: skip
"""Command → how it is called, one after the other, on a stack each resource of which changes."""
OF_NO_STACK = {"init", "lab", "plugins", "rules", "types", "unlock"}
"""What these do has nothing to do with how much is in a stack."""
NOT_COUNTED = {"approve", "reject", "wiring"}
"""Those that need an SSH key, or pairs."""


WAITING, WHILE_WAITING = ("apply", "rollback", "destroy"), 4.0
"""Commands whose run waits for its writes, and tells while it does that it goes on: on a busy machine that often."""
SHORT = (
    "plan edge",
    "plan edge --out new.plan",
    "show new.plan",
    "graph edge",
    "state rm edge module.m2.*",
    "output edge",
)
"""Those of the short form: they write nothing, or wait for nobody, so that one time tells."""


def work(folder: Path, size: int, run: Run, lines: Iterable[str]) -> dict[str, int]:
    """Call → lines of Python that were carried out, on a stack each resource of which changed since it was applied."""
    (folder / "edge").mkdir(parents=True)
    stack = folder / "edge" / "stack.py"
    stack.write_text(STACK.format(numbers=mixed(size), note="one"))
    ended = run("apply", "edge", "--auto-approve")
    first = re.findall(r"run ([0-9a-f]+-[0-9a-f-]+)", ended.out + ended.err)[-1]
    stack.write_text(STACK.format(numbers=mixed(size), note="two"))
    return {line: turned(run, line.format(run=first)) for line in lines}


def turned(run: Run, line: str) -> int:
    """Lines of Python that a call carries out."""
    ended: list[Ended] = []
    found = turns(lambda: ended.append(run(*line.split())))
    assert ended[0].code == 0 or line.startswith("import"), (line, ended)
    return found


@pytest.fixture
def pairs(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, float]]:
    """Call → lines of Python for each pair of resources; of several times the fewest, as a run that waits asks again
    and again whether it is over.
    """
    monkeypatch.setattr(text, "LONG", 0)  # a plan says what it comes to once more where it is long

    def counted(lines: Iterable[str], times: int) -> dict[str, float]:
        found: list[dict[str, int]] = []
        for size in (SIZES[0], *SIZES):  # the first imports what the others find there
            folders = [tmp_path / f"{times}-{len(found)}-{turn}" for turn in range(times)]
            rounds = []
            for folder in folders:
                folder.mkdir()
                monkeypatch.chdir(folder)
                rounds.append(work(folder, size, run, lines))
            found.append({line: min(one[line] for one in rounds) for line in lines})
        few, more, many = found[1:]
        # what grows as their number does cancels out, and six times the square of the first number is left
        return {line: (many[line] - 3 * more[line] + 2 * few[line]) / (6 * SIZES[0] ** 2) for line in lines}

    return counted


def test_what_a_look_does_for_a_resource_does_not_grow_with_their_number(
    pairs: Callable[..., dict[str, float]],
) -> None:
    found = pairs(SHORT, 1)
    if max(found.values()) > A_PAIR:  # what tells by time that it goes on, on a busy machine; a loop is there again
        found = pairs(SHORT, 3)
    assert {line: each for line, each in found.items() if each > A_PAIR} == {}


@pytest.mark.deep
def test_what_a_command_does_for_a_resource_does_not_grow_with_their_number(
    pairs: Callable[..., dict[str, float]],
) -> None:
    every = [line for lines in EACH.values() for line in lines]
    found = pairs(every, 3)
    most = {line: WHILE_WAITING if line.startswith(WAITING) else A_PAIR for line in every}
    assert {line: each for line, each in found.items() if each > most[line]} == {}


def test_each_command_is_measured() -> None:
    assert EACH.keys() | OF_NO_STACK | NOT_COUNTED == {
        *haplan.cli.main.cli.list_commands(click.Context(haplan.cli.main.cli))
    }
