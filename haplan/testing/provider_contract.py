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
from collections.abc import Mapping

import attrs
import pytest

from haplan.contracts import Clock, Context, Provider, Query
from haplan.model.compare import owned
from haplan.model.plan import Action
from haplan.model.value import Secret, special
from haplan.testing.asked import Announcing, Opened, Refused
from haplan.testing.fault_contract import FaultContract
from haplan.testing.forgetful import anew


class ProviderContract(FaultContract):
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
            assert provider.read(Query(targets=(one,))).seen == {}

    def test_what_was_created_is_read_as_it_was_written(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        self.expect(self.look(opened(), made), made.id, self.wanted)

    def test_what_was_created_is_found_by_its_name(self, provider: Provider, opened: Opened) -> None:
        made = self.make(provider)
        seen = opened().read(Query(targets=(self.target("one"),))).seen[made.change.address]
        assert (seen.id, seen.found_by_name) == (made.id, True)

    def test_an_id_that_nothing_has_is_never_told_back(self, provider: Provider) -> None:
        """It is what a person asked to import: the object of that name is not it."""
        made = self.make(provider)
        seen = provider.read(Query(targets=(attrs.evolve(self.target("one"), id="no-such-id"),))).seen
        assert [one.id for one in seen.values() if one.id != made.id] == []

    def test_many_are_read_at_once_each_under_its_own_address(self, provider: Provider) -> None:
        one, two = self.make(provider, "one"), self.make(provider, "two")
        targets = (self.target("one", one), self.target("absent"), self.target("two", two))
        seen = provider.read(Query(targets=targets)).seen
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
        look = provider.read(Query(targets=(self.target("one", made), self.target("two")))).look
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
        for look in (opened().read(Query(targets=(self.target("one", made),))).look,):
            assert list(provider.placements(other, look)) == list(provider.placements(plain, look))
            assert provider.assess(other, look) == provider.assess(plain, look)
        self.carry_out(provider, other)
        self.expect(self.look(opened(), made), made.id, {**self.wanted, **self.changed})

    def test_what_a_change_costs_is_said_without_writing(self, provider: Provider) -> None:
        made = self.make(provider)
        before = self.look(provider, made)
        look = provider.read(Query(targets=(self.target("one", made),))).look
        assert provider.assess(self.update(made), look) == provider.assess(self.update(made), look)
        assert self.look(provider, made) == before

    def test_it_remembers_nothing_between_two_calls(self, opened: Opened) -> None:
        provider = anew(opened)
        made = self.make(provider)
        updated = self.carry_out(provider, self.update(made))
        self.expect(self.look(provider, updated), made.id, {**self.wanted, **self.changed})
        self.carry_out(provider, self.delete(updated))
        assert self.look(provider, made) is None


def context(clock: Clock, *, environ: Mapping[str, str] | None = None, **secrets: str) -> Context:
    """What a provider is opened with in a test; `secrets` are by source, such as ``{"env:TOKEN": "x"}``."""
    return Context(clock=clock, environ=environ or {}, secret=secrets.__getitem__)
