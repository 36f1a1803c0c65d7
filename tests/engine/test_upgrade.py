"""Rows that an older or a newer plugin wrote."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.errors import StateError
from haplan.model.plan import Action, Plan
from haplan.model.result import Result
from haplan.model.state import Row
from haplan.testing import Project, Thing

Make = Callable[..., Project]
Upgrade = Callable[[Mapping[str, Any], int], Mapping[str, Any]]


def tenfold(values: Mapping[str, Any], version: int) -> Mapping[str, Any]:
    """Version 1 counted sizes in tens, and had ``note`` under another name; version 2 counted them in twos."""
    factor = {1: 10, 2: 2}[version]
    kept = {name: value for name, value in values.items() if name not in ("size", "zone")}
    return {**kept, "size": values["size"] * factor, **({"note": values["zone"]} if "zone" in values else {})}


def shaped(made: Project, version: int, upgrade: Upgrade | None = None, *, applying: bool = False) -> Plan:
    """The plan with the type in another version, carried out if asked for."""
    with made.session() as session:
        kind = attrs.evolve(Thing.haplan_type, schema_version=version, upgrade=upgrade)
        session.types = {**session.types, "mem_thing": kind}
        plan = engine.plan(session)
        if applying:
            result: Result = engine.apply(session, plan)
            assert result.exit_code == 0
    return plan


def row(made: Project, name: str = "a") -> Row:
    found = made.state().row(f"mem_thing.{name}")
    assert found is not None
    return found


def test_an_older_row_is_compared_in_the_new_shape_and_saved_so_at_the_next_write(project: Make) -> None:
    made = project('Thing("a", size=1, zone="n")', applied=True)
    made.cloud.edit("a", size=10, note="n")
    made.write('Thing("a", size=10, note="n")')
    assert shaped(made, 3, tenfold).changes == ()
    assert (row(made).schema_version, row(made).values["size"]) == (1, 1)
    made.write('Thing("a", size=11, note="n")')
    (change,) = shaped(made, 3, tenfold, applying=True).changes
    assert (change.action, change.before, change.why) == (Action.UPDATE, {"size": 10, "note": "n"}, "changed")
    assert (row(made).schema_version, row(made).values["size"]) == (3, 11)
    assert shaped(made, 3, tenfold).empty()


def test_what_an_upgrade_renames_is_still_declared_so_that_its_line_can_leave(project: Make) -> None:
    made = project('Thing("a", size=1, zone="n")', applied=True)
    made.cloud.edit("a", size=10, note="n")
    (change,) = shaped(made.write('Thing("a", size=10)'), 3, tenfold).changes
    assert change.unset == (("note",),)


def test_planning_an_upgrade_writes_nothing(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=10)
    serial = made.state().serial
    shaped(made.write('Thing("a", size=10)'), 3, tenfold, applying=True)
    assert (made.state().serial, row(made).schema_version) == (serial, 1)


def test_what_leaves_the_stack_is_deleted_by_its_upgraded_values(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=10)
    (change,) = shaped(made.write(""), 3, tenfold, applying=True).changes
    assert (change.action, change.before) == (Action.DELETE, {"size": 10})
    assert made.cloud.names() == []


def test_each_row_that_cannot_be_read_has_its_line_with_type_address_and_versions(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b")\nData("d")', applied=True)
    with pytest.raises(StateError) as newer:
        shaped(made, 0)
    hint = "install the plugin that wrote it, or a newer one"
    assert str(newer.value).splitlines() == [
        f"mem_thing.{name}: mem_thing was recorded by a newer plugin (version 1, here 0); {hint}" for name in "ab"
    ]
    with pytest.raises(StateError) as broken:
        shaped(made, 2, tenfold)
    assert str(broken.value) == (
        "mem_thing.b: type 'mem_thing' of haplan: upgrade of version 1 to 2 broke: KeyError: 'size'; "
        "report it to its author; "
        f"{hint}"
    )
    with pytest.raises(StateError, match="version 1, and its plugin cannot bring that up to date"):
        shaped(made, 2)


@pytest.mark.parametrize("given", [None, 7, {"size": object()}, {1: "one"}])
def test_what_an_upgrade_gives_is_looked_at(project: Make, given: Any) -> None:
    made = project('Thing("a", size=1)', applied=True)
    with pytest.raises(
        StateError, match=r"mem_thing\.a: type 'mem_thing' of haplan: upgrade of version 1 to 2 gave .* is due"
    ):
        shaped(made, 2, lambda values, version: given)


def test_a_row_says_the_version_of_the_type_that_it_was_written_with(project: Make) -> None:
    made = project('Thing("a", size=1)')
    shaped(made, 7, applying=True)
    assert row(made).schema_version == 7
