"""What a dead run announced is found out before a plan: what it made, what it did not, and what nobody can tell."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import attrs
import pytest

from haplan.contracts import Context, Provider, Seen
from haplan.errors import ProviderError, Unauthorized
from haplan.model.state import Intent, Row, State, deposed_mark
from haplan.steps.reconcile import reconcile
from tests.steps.samples import row, state


@attrs.define
class Finder(Provider):
    """A provider that finds objects by address, and keeps what it was asked."""

    name: ClassVar[str] = "mem"
    types: ClassVar[tuple[str, ...]] = ("mem_thing",)
    there: Mapping[str, str | Exception]
    asked: list[str] = attrs.field(factory=list)

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Finder":
        return cls({})

    def identify(self, intent: Intent) -> Seen | None:
        self.asked.append(intent.address)
        found = self.there.get(intent.address)
        if isinstance(found, Exception):
            raise found
        return Seen(address=intent.address, id=found, values={}) if found else None


def announced(address: str, *, idempotent: bool = False) -> Intent:
    return Intent(
        run="r1", transaction="t1", address=address, document=cast(Any, address), provider="mem", step="create",
        key={"name": address}, idempotent=idempotent, id=1,
    )  # fmt: skip


def with_intent(one: Row, *more: Row, idempotent: bool = False) -> State:
    return state(one, *more, intents=(announced(one.address, idempotent=idempotent),))


def test_a_write_that_may_be_done_twice_is_asked_about_by_nobody() -> None:
    provider = Finder({"mem_thing.a": "new"})
    before = with_intent(row("a", id="old", serial=3), idempotent=True)
    assert reconcile(before, {"mem": provider}).state.rows == before.rows
    assert provider.asked == []


def test_what_has_no_id_yet_and_was_recorded_is_left_to_the_look_that_follows() -> None:
    provider = Finder({"mem_thing.a": "new"})
    before = with_intent(row("a", id="", serial=3))
    assert reconcile(before, {"mem": provider}).state.rows == before.rows
    assert provider.asked == []


def test_the_new_object_of_a_replacement_takes_the_address_and_the_old_one_waits_to_be_deleted() -> None:
    before = with_intent(row("a", id="old", serial=3))
    found = reconcile(before, {"mem": Finder({"mem_thing.a": "new"})})
    rows = {key: (one.id, one.status, one.serial, one.deposed) for key, one in found.state.rows.items()}
    mark = deposed_mark("old")
    assert rows == {
        ("mem_thing.a", ""): ("new", "pending", 3, ""),
        ("mem_thing.a", mark): ("old", "ok", 0, mark),
    }
    assert found.unread == {}


def test_an_object_that_state_has_already_is_no_half_of_a_replacement() -> None:
    old = row("a", id="old", serial=3)
    for other in (old, row("b", id="new", serial=2)):
        before = with_intent(old, *([other] if other is not old else []))
        found = reconcile(before, {"mem": Finder({"mem_thing.a": other.id})})
        assert found.state.rows == before.rows


def test_an_old_half_that_is_recorded_stays_as_it_was() -> None:
    old = row("a", id="old", serial=3)
    half = attrs.evolve(old, deposed=deposed_mark("old"), serial=2, seq=7)
    found = reconcile(with_intent(old, half), {"mem": Finder({"mem_thing.a": "new"})})
    assert found.state.rows["mem_thing.a", half.deposed] == half


def test_what_cannot_be_told_leaves_its_row_and_is_said() -> None:
    before = with_intent(row("a", id="old", serial=3))
    found = reconcile(before, {"mem": Finder({"mem_thing.a": ProviderError("the line is cut")})})
    assert (found.state.rows, found.unread) == (before.rows, {"mem_thing.a": "the line is cut"})


def test_credentials_that_are_refused_end_the_plan() -> None:
    before = with_intent(row("a", id="old", serial=3))
    with pytest.raises(Unauthorized):
        reconcile(before, {"mem": Finder({"mem_thing.a": Unauthorized("no such token")})})
