"""A provider whose documents are made of many resources is given all of them, changed or not."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from haplan.contracts import Io, Provider, Query, Reading, Task, Written
from haplan.hookspecs import hookimpl
from haplan.model.plan import Change, Placement
from haplan.model.state import Row
from haplan.testing import Mem, Project

Sizes = dict[str, object]


class Composing(Mem):
    """Keeps what it was told of the state."""

    name: ClassVar[str] = "composing"
    composes: ClassVar[bool] = True
    reads: ClassVar[list[Sizes]] = []
    writes: ClassVar[list[Sizes]] = []

    def read(self, query: Query) -> Reading:
        self.reads.append(_sizes(query.recorded))
        return super().read(query)

    def write(self, task: Task, io: Io) -> Written:
        self.writes.append(_sizes(task.recorded))
        return super().write(task, io)


def _sizes(rows: Mapping[str, Row]) -> Sizes:
    return {address: row.values["size"] for address, row in rows.items()}


class Plugin:
    haplan_api = 2

    def __init__(self, provider: type[Provider]) -> None:
        self.provider = provider

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        return [self.provider]


STACK = """
composing = provider("composing")
for name, size in {sizes}.items():
    Thing(name, size=size, provider=composing)
Thing("elsewhere", size=9, provider=provider("mem", alias="other"))
"""


def test_a_composing_provider_is_given_all_its_rows_at_every_read_and_write(tmp_path: Path) -> None:
    told = type("Told", (Composing,), {"reads": [], "writes": []})
    project = Project(tmp_path, STACK.format(sizes={"a": 1, "b": 2}), more=[Plugin(told)])
    told.cloud = project.cloud
    project.apply(parallelism=1)
    assert sorted(map(len, told.writes)) == [0, 1]  # one after the other: the later one knows of the earlier
    told.reads.clear()
    told.writes.clear()

    project.write(STACK.format(sizes={"a": 1, "b": 3})).apply(targets=("mem_thing.b",), parallelism=1)

    everything = {"mem_thing.a": 1, "mem_thing.b": 2}
    assert told.writes == [everything]
    assert len(told.reads) >= 2
    assert all(one == everything for one in told.reads)


def test_others_are_not(tmp_path: Path) -> None:
    told = type("Told", (Composing,), {"reads": [], "writes": [], "composes": False})
    project = Project(tmp_path, STACK.format(sizes={"a": 1}), more=[Plugin(told)])
    told.cloud = project.cloud
    project.apply()
    assert not any(told.reads)
    assert told.writes == [{}]


# --- Sequence ---------------------------------------------------------------------------------------------------------


class OneDocument(Mem):
    """All rules of all things are in one document, and no sequence of them means anything."""

    name: ClassVar[str] = "composing"
    ordered: ClassVar[bool] = False

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        return (Placement(document="everything"),)


RULES = """
composing = provider("composing")
for name in ("a", "b"):
    thing = Thing(name, provider=composing)
    for rule in {rules}:
        Rule(rule, thing=thing)
"""


def test_a_provider_without_sequences_has_none_kept_and_none_compared(tmp_path: Path) -> None:
    told = type("Told", (OneDocument,), {})
    project = Project(tmp_path, RULES.format(rules=["x", "y"]), more=[Plugin(told)])
    told.cloud = project.cloud
    assert project.apply().exit_code == 0
    assert dict(project.state().orders) == {}

    plan = project.write(RULES.format(rules=["y", "x"])).plan()

    assert (plan.changes, plan.drift) == ((), ())


class Counting(Composing):
    """What is seen of one thing follows from all that it is told of."""

    def read(self, query: Query) -> Reading:
        found = super().read(query)
        sizes = {"size": len(query.recorded)}
        return attrs.evolve(
            found, seen={name: attrs.evolve(one, values={**one.values, **sizes}) for name, one in found.seen.items()}
        )


def test_what_is_gone_and_only_forgotten_makes_nothing_else_look_changed(tmp_path: Path) -> None:
    told = type("Told", (Counting,), {"reads": [], "writes": []})
    project = Project(tmp_path, STACK.format(sizes={"a": 2, "b": 2}), more=[Plugin(told)])
    told.cloud = project.cloud
    assert project.apply().exit_code == 0
    project.cloud.remove("b")
    result = project.apply(destroy=True)
    assert (result.exit_code, [one.text for one in result.failed]) == (0, [])
    assert project.cloud.names() == []
    assert project.state().rows == {}
