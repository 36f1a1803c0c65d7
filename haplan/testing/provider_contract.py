"""What every provider promises, as tests to inherit.

`haplan.testing.memory` and the stranger in `providers/README.md` pass them.

    from haplan.testing import FakeClock, ProviderContract, context

    class TestPond(ProviderContract):
        resource = Fish
        wanted = {"species": "carp", "length": 30}
        changed = {"length": 31}

        @pytest.fixture
        def opened(self, tmp_path):
            return lambda: Pond.open(Settings(folder=str(tmp_path)), context(FakeClock()))

`opened` opens the provider on the same estate once more, as another process would. The contract is for a type that no
other resource owns.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import attrs
import pytest

from haplan.contracts import Clock, Context, Part, Provider, Query, Seen, Target, Task, Written
from haplan.model.compare import owned, same
from haplan.model.plan import Action, Change, Placed, Transaction
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent, Row
from haplan.model.value import Secret, Tree, special
from haplan.steps.apply.record import joined, row_of
from haplan.steps.apply.worker import target_of
from haplan.testing.forgetful import anew

Opened = Callable[[], Provider]
PATIENCE = 100
"""Looks at what settles before the contract gives up."""


class Refused(Exception):
    """What an announcement raises when the run may not write any more."""


class Announcing:
    """An `Io` that keeps what is announced, and refuses from the given announcement on.

    Threads: one, the test's.
    """

    run = "r1"

    def __init__(self, refuse_from: int = 0) -> None:
        self.intents: list[Intent] = []
        self._left = refuse_from - 1
        self.task: Task | None = None

    def about_to(self, step: str, address: str, key: Mapping[str, Tree], *, idempotent: bool = False) -> None:
        if self._left == 0:
            raise Refused(step)
        self._left -= 1
        assert self.task is not None
        transaction = self.task.transaction
        self.intents.append(
            Intent("r1", transaction.id, address, transaction.document, transaction.provider, step, key, idempotent)
        )

    def still(self) -> None:
        pass

    def progress(self, text: str) -> None:
        assert isinstance(text, str)

    def evidence(self, text: str) -> None:
        assert isinstance(text, str)


@attrs.frozen
class Made:
    """What a change came to."""

    change: Change
    written: Written
    row: Row
    intents: tuple[Intent, ...]

    @property
    def id(self) -> str:
        return self.row.id


class Asked:
    """How a provider is asked: its estate, a resource and changes of it.

    Attributes:
        resource: The resource class that is written.
        wanted: Its values.
        changed: Some of them, changed so that nothing is replaced.
    """

    resource: ClassVar[type]
    wanted: ClassVar[Mapping[str, Tree]]
    changed: ClassVar[Mapping[str, Tree]]

    @pytest.fixture
    def opened(self) -> Opened:
        raise NotImplementedError("give a fixture `opened`: a function that opens the provider on the same estate")

    @pytest.fixture
    def provider(self, opened: Opened) -> Iterator[Provider]:
        made = opened()
        yield made
        made.close()

    def info(self) -> TypeInfo:
        found: TypeInfo = self.resource.haplan_type  # type: ignore[attr-defined]  # set by @resource
        return found

    def target(self, name: str, made: Made | None = None) -> Target:
        change = self.create(name) if made is None else attrs.evolve(made.change, id=made.id)
        return target_of(change, made.row if made else None, None)

    def create(self, name: str = "one") -> Change:
        kind = self.info().name
        return Change(f"{kind}.{name}", kind, name, "it", Action.CREATE, Reason.NEW, after=dict(self.wanted))

    def update(self, made: Made) -> Change:
        after = {**self.wanted, **self.changed}
        more: dict[str, Tree] = {"id": made.id, "private": made.row.private, "serial": 1}
        return attrs.evolve(
            made.change, action=Action.UPDATE, reason=Reason.CHANGED, before=made.change.after, after=after, **more
        )

    def delete(self, made: Made) -> Change:
        more: dict[str, Tree] = {"id": made.id, "private": made.row.private, "serial": 1}
        return attrs.evolve(made.change, action=Action.DELETE, before=made.change.after, after=None, **more)

    def make(self, provider: Provider, name: str = "one") -> Made:
        return self.carry_out(provider, self.create(name))

    def look(self, provider: Provider, made: Made | None) -> Seen | None:
        target = self.target("one", made)
        return provider.read(Query((target,))).seen.get(target.address)

    def found(self, provider: Provider, made: Made, intent: Intent) -> Seen | None:
        """What the next run finds of an announced creation: by `identify` where there is one, else by its name."""
        if type(provider).identify is not Provider.identify:
            return provider.identify(intent)
        target = attrs.evolve(self.target(made.change.name), pending=True)
        return provider.read(Query((target,))).seen.get(target.address)

    def expect(self, seen: Seen | None, identity: str, values: Mapping[str, Tree]) -> None:
        assert seen is not None
        assert seen.id == identity
        sets = {name: one.unordered for name, one in self.info().attributes.items()}
        for name, value in values.items():
            assert same(value, owned(value, seen.values.get(name)), as_set=sets[name]), name

    def carry_out(
        self, provider: Provider, change: Change, io: Announcing | None = None, before: Made | None = None
    ) -> Made:
        """As a run does it: each document in a transaction of its own, and waited for."""
        io, row = io or Announcing(), before.row if before else None
        written = Written()
        look = provider.read(Query((target_of(change, row, None),))).look
        placements = list(provider.placements(change, look))
        for number, document in enumerate(dict.fromkeys(one.document for one in placements), start=1):
            here = [one for one in placements if one.document == document]
            placed = tuple(Placed(change.key, one) for one in here)
            transaction = Transaction(f"t{number}", number, "it", document, placed)
            seen = provider.read(Query((target_of(change, row, None),))).seen.get(change.key)
            task = Task(transaction, tuple(Part(change, one, seen, row) for one in here))
            io.task = task
            written = joined(written, _waited_for(provider, task, provider.write(task, io)))
        made = row_of(change, written, row, "ok", 1)
        return Made(change, written, made, tuple(io.intents))


class ProviderContract(Asked):
    """The promises. Every test takes an estate that has no object of these names; `Asked` has what a subclass says."""

    # --- Reading ------------------------------------------------------------------------------------------------------

    def test_it_says_which_estate_it_is_and_keeps_to_it(self, provider: Provider, opened: Opened) -> None:
        before = dict(provider.identity())
        assert {"kind", "id", "name"} <= set(before)
        assert before["id"]
        self.make(provider)
        assert dict(opened().identity()) == before

    def test_what_is_not_there_is_left_out(self, provider: Provider) -> None:
        absent = self.target("absent")
        for one in (absent, attrs.evolve(absent, id="no-such-id"), attrs.evolve(absent, pending=True)):
            assert provider.read(Query((one,))).seen == {}

    def test_what_was_created_is_read_as_it_was_written(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        self.expect(self.look(opened(), made), made.id, self.wanted)

    def test_what_was_created_is_found_by_its_name(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        seen = opened().read(Query((self.target("one"),))).seen[made.change.address]
        assert (seen.id, seen.found_by_name) == (made.id, True)

    def test_many_are_read_at_once_each_under_its_own_address(self, provider: Provider) -> None:
        one, two = self.make(provider, "one"), self.make(provider, "two")
        targets = (self.target("one", one), self.target("absent"), self.target("two", two))
        seen = provider.read(Query(targets)).seen
        assert {address: found.id for address, found in seen.items()} == {
            one.change.address: one.id,
            two.change.address: two.id,
        }
        assert one.id != two.id

    def test_what_was_read_can_be_written_back_and_is_read_the_same(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        seen = self.look(provider, made)
        assert seen is not None
        same_again = {name: owned(value, seen.values.get(name)) for name, value in self.wanted.items()}
        before = dict(seen.values)
        self.carry_out(provider, attrs.evolve(self.update(made), after=same_again))
        again = self.look(opened(), made)
        assert again is not None
        assert dict(again.values) == before

    def test_what_is_known_of_it_is_never_none_and_never_unknown(self, provider: Provider) -> None:
        made = self.make(provider)
        seen = self.look(provider, made)
        assert seen is not None
        for values in (seen.values, made.written.values.get(made.change.address, {})):
            assert [name for name in self.info().computed if name in values and values[name] is None] == []
            assert not [leaf for leaf in special(values) if not isinstance(leaf, Secret)], "a reference, or an unknown"

    def test_what_the_stack_set_is_given_back_unchanged(self, provider: Provider) -> None:
        made = self.make(provider)
        for one in (made, self.carry_out(provider, self.update(made))):
            given = one.written.values.get(made.change.address, {})
            after = {name: value for name, value in (one.change.after or {}).items() if name in given}
            assert {name: given[name] for name in after} == after

    def test_ids_are_text_and_the_same_wherever_they_are_told(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        seen = self.look(opened(), made)
        assert seen is not None
        told = [made.written.ids[made.change.address], seen.id]
        told += [
            values["id"] for values in (seen.values, made.written.values.get(made.change.address, {})) if "id" in values
        ]
        assert all(isinstance(one, str) and one for one in told)
        assert len(set(told)) == 1
        assert seen.address == made.change.address

    def test_reading_changes_nothing(self, provider: Provider) -> None:
        made = self.make(provider)
        assert self.look(provider, made) == self.look(provider, made)

    # --- Writing ------------------------------------------------------------------------------------------------------

    def test_what_only_an_apply_can_tell_is_known_after_it(self, provider: Provider) -> None:
        made = self.make(provider)
        assert made.id
        known = {"id", *made.written.values.get(made.change.address, {})}
        assert [name for name in self.info().computed if name not in known] == []

    def test_a_write_speaks_of_its_own_resources_only(self, provider: Provider) -> None:
        made = self.make(provider)
        written = made.written
        assert {*written.ids, *written.values, *written.private} <= {made.change.address}
        assert {intent.address for intent in made.intents} <= {made.change.address}

    def test_an_update_is_read_as_written_and_keeps_the_id(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        updated = self.carry_out(provider, self.update(made))
        assert updated.id == made.id
        self.expect(self.look(opened(), updated), made.id, {**self.wanted, **self.changed})

    def test_an_update_written_twice_is_harmless(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        for _ in range(2):
            self.carry_out(provider, self.update(made))
        self.expect(self.look(opened(), made), made.id, {**self.wanted, **self.changed})

    def test_what_was_deleted_is_left_out(self, provider: Provider, opened: Opened) -> None:
        one, two = self.make(provider, "one"), self.make(provider, "two")
        self.carry_out(provider, self.delete(one))
        assert self.look(opened(), one) is None
        assert self.look(opened(), two) is not None

    def test_a_deletion_written_twice_is_harmless(self, provider: Provider) -> None:
        made = self.make(provider)
        for _ in range(2):
            self.carry_out(provider, self.delete(made))
        assert self.look(provider, made) is None

    def test_a_replacement_leaves_the_new_object_alone(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        change = attrs.evolve(self.update(made), action=Action.REPLACE, previous_id=made.id)
        replaced = self.carry_out(provider, change)
        assert self.look(opened(), replaced) is not None
        if replaced.id != made.id:
            assert self.look(opened(), made) is None

    # --- The journal --------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
    def test_nothing_is_written_before_it_is_announced(
        self, provider: Provider, opened: Opened, action: Action
    ) -> None:
        made = None if action is Action.CREATE else self.make(provider)
        before = self.look(provider, made)
        change = self.create() if made is None else self.update(made) if action is Action.UPDATE else self.delete(made)
        with pytest.raises(Refused):
            self.carry_out(provider, change, Announcing(refuse_from=1), made)
        assert self.look(opened(), made) == before

    def test_what_is_announced_is_plain_json(self, provider: Provider) -> None:
        made = self.make(provider)
        for one in (made, self.carry_out(provider, self.update(made)), self.carry_out(provider, self.delete(made))):
            assert one.intents
            for intent in one.intents:
                assert json.loads(json.dumps(intent.key)) == intent.key

    def test_an_announced_creation_is_found_by_what_was_announced(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        (creation,) = [intent for intent in made.intents if not intent.idempotent]
        found = self.found(opened(), made, creation)
        assert found is not None
        assert found.id == made.id

    def test_an_announced_creation_that_never_was_is_not_found(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        self.carry_out(provider, self.delete(made))
        creations = [intent for intent in made.intents if not intent.idempotent]
        assert [self.found(opened(), made, intent) for intent in creations] == [None]

    # --- Planning -----------------------------------------------------------------------------------------------------

    def test_placements_are_a_function_of_the_change(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        look = provider.read(Query((self.target("one", made), self.target("two")))).look
        for change in (self.create("two"), self.update(made), self.delete(made)):
            placed = list(provider.placements(change, look))
            assert placed
            assert len({(one.document, one.part) for one in placed}) == len(placed)
            assert list(opened().placements(change, look)) == placed

    def test_nothing_is_decided_by_words_for_people(self, provider: Provider, opened: Opened) -> None:
        """Texts of a change are told, and never read: with others, the same is placed, said and written."""
        made = self.make(provider)
        plain = self.update(made)
        other = attrs.evolve(plain, because="for no reason", location="elsewhere.py:7")
        for look in (opened().read(Query((self.target("one", made),))).look,):
            assert list(provider.placements(other, look)) == list(provider.placements(plain, look))
            assert provider.assess(other, look) == provider.assess(plain, look)
        self.carry_out(provider, other)
        self.expect(self.look(opened(), made), made.id, {**self.wanted, **self.changed})

    def test_what_a_change_costs_is_said_without_writing(self, provider: Provider) -> None:
        made = self.make(provider)
        before = self.look(provider, made)
        look = provider.read(Query((self.target("one", made),))).look
        assert provider.assess(self.update(made), look) == provider.assess(self.update(made), look)
        assert self.look(provider, made) == before

    def test_it_remembers_nothing_between_two_calls(self, opened: Opened) -> None:
        provider = anew(opened)
        made = self.make(provider)
        updated = self.carry_out(provider, self.update(made))
        self.expect(self.look(provider, updated), made.id, {**self.wanted, **self.changed})
        self.carry_out(provider, self.delete(updated))
        assert self.look(provider, made) is None


def _waited_for(provider: Provider, task: Task, written: Written) -> Written:
    if not written.settling:
        return written
    task = attrs.evolve(task, receipt=written.receipt)
    for _ in range(PATIENCE):
        found = provider.settled([task])[task.transaction.id]
        written = joined(written, found.written)
        assert found.state != "failed", found.text
        if found.state in ("done", "queued"):
            return written
    pytest.fail(f"{task.transaction.document}: not settled after {PATIENCE} looks")


def context(clock: Clock, *, environ: Mapping[str, str] | None = None, **secrets: str) -> Context:
    """What a provider is opened with in a test; `secrets` are by source, such as ``{"env:TOKEN": "x"}``."""
    return Context(clock, environ or {}, secrets.__getitem__)
