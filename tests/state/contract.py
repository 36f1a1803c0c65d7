"""What every state backend promises. Inherit `StateBackendContract` and give the fixture `backend_factory`.

    class TestMine(StateBackendContract, StateHistoryContract, StatePushContract):
        @pytest.fixture
        def backend_factory(self, tmp_path, clock):
            return lambda: open_mine(f"mine://{tmp_path}", clock)

        @pytest.fixture
        def another_factory(self, tmp_path, clock):
            return lambda: open_mine(f"mine://{tmp_path}/another", clock)

Each call of a factory opens the same state once more, as another process would. Tests move `clock`; a backend whose
time is a server's gives a `clock` that moves what its queries take for the server's time.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haplan.contracts import StateBackend
from haplan.errors import HaplanError, Locked, Stale
from haplan.model.document import Document
from haplan.model.state import OrderRow, OutputRow, PlacementRow, Row, State, Update
from haplan.state.document import pull
from tests.state.samples import FakeClock, holder, intent, odd_rows, row, run

Opened = Callable[[], StateBackend]

D = Document("", "d")


class Opening:
    """What every contract is given: the same state, opened as often as a test likes."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def backend_factory(self) -> Opened:
        raise NotImplementedError("give a fixture `backend_factory`: a function that opens the same state once more")

    @pytest.fixture
    def another_factory(self) -> Opened:
        raise NotImplementedError("give a fixture `another_factory`: a function that opens another state")

    @pytest.fixture
    def opened(self, backend_factory: Opened, closing: ExitStack) -> Opened:
        return _closed_by(closing, backend_factory)

    @pytest.fixture
    def another(self, another_factory: Opened, closing: ExitStack) -> Opened:
        """Opens a state of another place, never written either."""
        return _closed_by(closing, another_factory)

    @pytest.fixture
    def closing(self) -> Iterator[ExitStack]:
        with ExitStack() as stack:
            yield stack

    @pytest.fixture
    def state(self, opened: Opened) -> StateBackend:
        """A state with the lock taken and the run r1 begun."""
        backend = opened()
        backend.lock(holder())
        backend.begin(run())
        return backend

    @pytest.fixture
    def dead_pid(self) -> int:
        """The pid of a process that has just ended."""
        process = subprocess.Popen([sys.executable, "-S", "-c", ""])
        process.wait()
        return process.pid


def _closed_by(stack: ExitStack, factory: Opened) -> Opened:
    def once_more() -> StateBackend:
        backend = factory()
        stack.callback(backend.close)
        return backend

    return once_more


class StateBackendContract(Opening):
    """The promises. Every test takes a state that was never written."""

    # --- Beginning ----------------------------------------------------------------------------------------------------

    def test_a_state_never_written_is_empty(self, opened: Opened) -> None:
        assert opened().load() == State()

    def test_nobody_holds_the_lock_of_a_state_never_written(self, opened: Opened) -> None:
        backend = opened()
        assert backend.holder() is None
        assert backend.unlock("l1") is None

    def test_taking_the_lock_mints_no_lineage(self, opened: Opened) -> None:
        backend = opened()
        backend.lock(holder())
        assert backend.load() == State()

    def test_the_first_run_mints_lineage_and_key_and_has_serial_one(self, opened: Opened) -> None:
        backend = opened()
        backend.lock(holder())
        assert backend.begin(run()).serial == 1
        state = opened().load()
        assert (len(state.lineage), len(state.key), state.serial) == (36, 32, 1)

    def test_later_runs_keep_lineage_and_key_and_count_on(self, state: StateBackend, opened: Opened) -> None:
        before = state.load()
        assert state.begin(run("r2")).serial == 2
        after = opened().load()
        assert (after.lineage, after.key, after.serial) == (before.lineage, before.key, 2)

    def test_a_run_begun_again_goes_on_with_its_serial(self, state: StateBackend) -> None:
        state.end(attrs.evolve(run(), result="interrupted"))
        assert state.begin(run()).serial == 1
        assert [(r.id, r.result) for r in state.load().runs] == [("r1", "")]

    def test_a_run_cannot_go_on_after_others(self, state: StateBackend) -> None:
        state.begin(run("r2"))
        with pytest.raises(HaplanError, match="r1"):
            state.begin(run("r1"))

    def test_runs_are_kept_the_latest_last_and_their_digests_are_applied(self, state: StateBackend) -> None:
        state.end(attrs.evolve(run(), result="done", ended=20.0))
        state.begin(run("r0"))
        loaded = state.load()
        kept = [(r.id, r.serial, r.ended, r.result) for r in loaded.runs]
        assert kept == [("r1", 1, 20.0, "done"), ("r0", 2, 0.0, "")]
        assert loaded.applied == {"sha256:r1", "sha256:r0"}

    def test_an_end_without_a_time_gets_the_clocks(self, state: StateBackend, clock: FakeClock) -> None:
        state.end(attrs.evolve(run(), result="failed"))
        assert state.load().runs[0].ended == clock.now()

    # --- Saving -------------------------------------------------------------------------------------------------------

    def test_everything_saved_is_loaded_again(self, state: StateBackend, opened: Opened) -> None:
        full = row(
            values={"name": "Zürich", "n": [1, {"x": None}], "e": {}},
            hash="h",
            depends_on=("network.n",),
            sensitive=("psk",),
            declared=("name",),
            private={"etag": 7},
            status="pending",
            alias="eu",
            id="123",
        )
        state.save(
            Update(
                run="r1",
                rows=(full,),
                expected={("site.a", ""): 0},
                placements=(PlacementRow("site.a", "site:1", "setting", "pending"),),
                orders=(OrderRow("template:t", "policies", ("b", "a")),),
                outputs=(OutputRow("ip", None), OutputRow("psk", {"$haplan": "secret"}, sensitive=True)),
                identities={"mist": {"org": "o1"}},
                settings={"mist": {"host": "api"}},
                memories={"mist": {"seen": [1]}},
            )
        )
        loaded = opened().load()
        assert loaded.rows == {("site.a", ""): attrs.evolve(full, serial=1, seq=1)}
        assert loaded.row("site.a") == attrs.evolve(full, serial=1, seq=1)
        site, template = Document("site", "1"), Document("template", "t")
        assert loaded.placements == {("site.a", site, "setting"): PlacementRow("site.a", site, "setting", "pending")}
        assert loaded.orders == {(template, "policies"): OrderRow(template, "policies", ("b", "a"))}
        assert loaded.outputs == {
            "ip": OutputRow("ip", None),
            "psk": OutputRow("psk", {"$haplan": "secret"}, sensitive=True),
        }
        assert (loaded.identities, loaded.settings) == ({"mist": {"org": "o1"}}, {"mist": {"host": "api"}})
        assert loaded.memories == {"mist": {"seen": [1]}}

    # the same test runs for each backend: its examples are not shared, and need not be
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(wanted=st.lists(odd_rows, max_size=4, unique_by=lambda row: (row.address, row.deposed)))
    def test_whatever_a_row_holds_comes_back(self, state: StateBackend, wanted: list[Row]) -> None:
        gone = tuple(state.load().rows)
        state.save(Update(run="r1", deleted=gone))
        state.save(Update(run="r1", rows=tuple(wanted)))
        loaded = state.load().rows.values()
        assert [attrs.evolve(row, serial=0, seq=0) for row in loaded] == wanted

    def test_half_a_surrogate_pair_in_a_value_comes_back(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row(values={"note": "\ud800 \x00"}),)))
        assert state.load().rows["site.a", ""].values == {"note": "\ud800 \x00"}

    def test_new_rows_are_counted_and_old_ones_keep_their_number(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row("site.a"), row("site.b"))))
        state.begin(run("r2"))
        state.save(Update(run="r2", rows=(row("site.c"), row("site.a", status="tainted"))))
        found = {address: (row.seq, row.serial) for (address, _), row in state.load().rows.items()}
        assert found == {"site.a": (1, 2), "site.b": (2, 1), "site.c": (3, 2)}

    def test_a_row_that_moves_to_another_address_keeps_its_number(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row("site.a"), row("site.b"))))
        moved = attrs.evolve(state.load().rows["site.a", ""], address="site.z")
        state.save(Update(run="r1", rows=(moved,), deleted=(("site.a", ""),)))
        assert [(row.address, row.seq) for row in state.load().rows.values()] == [("site.z", 1), ("site.b", 2)]

    def test_a_row_moved_by_another_run_is_refused_by_name(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row(),)))
        state.begin(run("r2"))
        state.save(Update(run="r2", rows=(row(status="tainted"),), expected={("site.a", ""): 1}))
        state.begin(run("r3"))
        with pytest.raises(Stale, match=r"site\.a.*r2.*serial 2.*serial 1"):
            state.save(Update(run="r3", rows=(row("site.b"), row()), expected={("site.a", ""): 1}))
        assert set(state.load().rows) == {("site.a", "")}

    def test_a_row_that_should_not_be_there_is_refused(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row(),)))
        state.begin(run("r2"))
        with pytest.raises(Stale):
            state.save(Update(run="r2", rows=(row(),), expected={("site.a", ""): 0}))

    def test_a_row_that_is_gone_is_refused(self, state: StateBackend) -> None:
        with pytest.raises(Stale, match="no longer"):
            state.save(Update(run="r1", rows=(row(),), expected={("site.a", ""): 3}))

    def test_what_this_run_wrote_or_deleted_itself_is_as_expected(self, state: StateBackend) -> None:
        state.save(Update(run="r1", rows=(row(),), expected={("site.a", ""): 0}))
        state.save(Update(run="r1", rows=(row(id="1"),), expected={("site.a", ""): 0}))
        state.begin(run("r2"))
        state.save(Update(run="r2", deleted=(("site.a", ""),), expected={("site.a", ""): 1}))
        state.save(Update(run="r2", rows=(row(id="2"),), expected={("site.a", ""): 1}))
        assert state.load().rows["site.a", ""].id == "2"

    def test_documents_of_odd_names_stay_apart(self, state: StateBackend) -> None:
        odd = [Document("a", "b:c"), Document("", "a b:c"), Document("", ":b"), Document("", "a:b"), Document("a", "b")]
        placements = tuple(PlacementRow("site.a", one, str(at)) for at, one in enumerate(odd))
        orders = tuple(OrderRow(one, "l", (str(at),)) for at, one in enumerate(odd))
        state.save(Update(run="r1", placements=placements, orders=orders))
        loaded = state.load()
        assert set(loaded.placements.values()) == set(placements)
        assert loaded.orders == {(one.document, "l"): one for one in orders}
        gone = tuple(("site.a", one, str(at)) for at, one in enumerate(odd))[:-1]
        state.save(Update(run="r1", placements_gone=gone, orders=tuple(attrs.evolve(o, names=()) for o in orders[:-1])))
        assert set(state.load().placements) == {("site.a", odd[-1], "4")}
        assert set(state.load().orders) == {(odd[-1], "l")}

    def test_a_deleted_row_takes_its_placements_along(self, state: StateBackend) -> None:
        places = (PlacementRow("site.a", "d", "p"), PlacementRow("site.b", "d", "p"))
        state.save(Update(run="r1", rows=(row("site.a"), row("site.b")), placements=places))
        state.save(Update(run="r1", deleted=(("site.a", ""),)))
        assert set(state.load().placements) == {("site.b", D, "p")}

    def test_a_deposed_row_stands_beside_the_current_one(self, state: StateBackend) -> None:
        place = PlacementRow("site.a", "d", "p")
        state.save(Update(run="r1", rows=(row(deposed="old"), row()), placements=(place,)))
        state.save(Update(run="r1", deleted=(("site.a", "old"),)))
        loaded = state.load()
        assert set(loaded.rows) == {("site.a", "")}
        assert set(loaded.placements) == {("site.a", D, "p")}

    def test_placements_orders_and_outputs_can_go(self, state: StateBackend) -> None:
        place, order = PlacementRow("site.a", "d", "p"), OrderRow("d", "l", ("x",))
        state.save(Update(run="r1", placements=(place,), orders=(order,), outputs=(OutputRow("o", 1),)))
        state.save(Update(run="r1"))
        assert state.load().outputs == {"o": OutputRow("o", 1)}
        gone = (("site.a", D, "p"),)
        state.save(Update(run="r1", placements_gone=gone, orders=(OrderRow("d", "l", ()),), outputs=()))
        loaded = state.load()
        assert (loaded.placements, loaded.orders, loaded.outputs) == ({}, {}, {})

    def test_what_is_known_of_providers_is_merged(self, state: StateBackend) -> None:
        state.save(Update(run="r1", identities={"mist": {"org": "1"}}, memories={"mist": {"a": 1, "b": 2}}))
        state.save(Update(run="r1", identities={"srx": {"serial": "2"}}, memories={"mist": {"a": 3}}))
        loaded = state.load()
        assert loaded.identities == {"mist": {"org": "1"}, "srx": {"serial": "2"}}
        assert loaded.memories == {"mist": {"a": 3}}

    def test_a_save_of_a_run_never_begun_is_refused(self, state: StateBackend) -> None:
        with pytest.raises(HaplanError, match="ghost"):
            state.save(Update(run="ghost", rows=(row(),)))

    # --- Intents ------------------------------------------------------------------------------------------------------

    def test_an_open_intent_is_there_for_others_at_once(self, state: StateBackend, opened: Opened) -> None:
        (first,) = state.journal([intent(addresses=("site.a", 'site."ä"'), idempotent=True)])
        (second,) = state.journal([intent(address="site.b")])
        assert 0 < first.id < second.id
        assert opened().load().intents == (first, second)

    def test_a_settled_intent_is_open_no_more(self, state: StateBackend) -> None:
        first, second = state.journal([intent(), intent()])
        state.settle_intents([(first.id, "done", {"id": "1"})])
        assert state.load().intents == (second,)

    def test_a_save_settles_intents_together_with_its_rows_or_not_at_all(self, state: StateBackend) -> None:
        (open_one,) = state.journal([intent()])
        update = Update(run="r1", rows=(row(),), intents=((open_one.id, "done", {"id": "1"}),))
        with pytest.raises(Stale):
            state.save(attrs.evolve(update, expected={("site.a", ""): 9}))
        assert state.load().intents == (open_one,)
        state.save(update)
        assert state.load().intents == ()

    def test_an_outcome_of_an_unknown_intent_is_refused(self, state: StateBackend) -> None:
        with pytest.raises(HaplanError, match="77"):
            state.settle_intents([(77, "done", {})])

    # --- The lock -----------------------------------------------------------------------------------------------------

    def test_the_lock_says_who_has_it(self, opened: Opened, clock: FakeClock) -> None:
        taken = opened().lock(holder())
        assert taken == holder(since=clock.now(), until=clock.now() + 60, token=1)
        assert opened().holder() == taken

    def test_a_held_lock_is_refused_with_all_one_needs_to_know(self, opened: Opened, clock: FakeClock) -> None:
        opened().lock(holder())
        clock.sleep(10)
        with pytest.raises(Locked) as refused:
            opened().lock(holder("l2", who="bea", where="host2"))
        assert str(refused.value) == (
            f"the state is locked by ana on host1 (pid {os.getpid()}) for apply since 2026-09-21 14:13:20 UTC, "
            "its lease lasts 50 s more; wait, or, if that run is surely dead, `haplan unlock l1`"
        )

    def test_a_renewed_lease_lasts(self, opened: Opened, clock: FakeClock) -> None:
        first = opened()
        taken = first.lock(holder())
        clock.sleep(45)
        renewed = first.renew(taken)
        assert (renewed.since, renewed.until, renewed.token) == (taken.since, clock.now() + 60, taken.token)
        clock.sleep(45)
        with pytest.raises(Locked):
            opened().lock(holder("l2", where="host2"))

    def test_a_lease_that_ran_out_is_taken_over_with_a_higher_token(self, opened: Opened, clock: FakeClock) -> None:
        opened().lock(holder())
        clock.sleep(60)
        second = opened()
        with pytest.raises(Locked, match="ran out"):
            second.lock(holder("l2", where="host2"), takeover=False)
        assert second.lock(holder("l2", where="host2")).token == 2

    def test_a_dead_process_of_the_same_host_is_taken_over_at_once(self, opened: Opened, dead_pid: int) -> None:
        opened().lock(holder(pid=dead_pid))
        assert opened().lock(holder("l2")).id == "l2"

    def test_a_dead_process_of_another_host_is_not(self, opened: Opened, dead_pid: int) -> None:
        opened().lock(holder(pid=dead_pid))
        with pytest.raises(Locked):
            opened().lock(holder("l2", where="host2"))

    def test_leases_go_by_the_clock_that_the_backend_tells(self, opened: Opened, clock: FakeClock) -> None:
        backend = opened()
        assert backend.now() == clock.now()
        assert backend.lock(holder()).since == clock.now()

    def test_a_token_never_comes_twice(self, opened: Opened) -> None:
        backend = opened()
        for token in (1, 2, 3):
            assert backend.lock(holder()).token == token
            assert backend.unlock("l1") is not None
        assert backend.holder() is None

    def test_unlocking_another_holder_does_nothing(self, opened: Opened) -> None:
        backend = opened()
        taken = backend.lock(holder())
        assert opened().unlock("other") is None
        assert backend.holder() == taken

    def test_without_the_lock_nothing_is_written(self, opened: Opened) -> None:
        for write in self.writes(opened()):
            with pytest.raises(Locked):
                write()
        assert opened().load() == State()

    def test_who_lost_the_lock_writes_nothing_more(self, state: StateBackend, opened: Opened, clock: FakeClock) -> None:
        before = state.load()
        clock.sleep(61)
        thief = opened()
        thief.lock(holder("l2", who="bea", where="host2"))
        for write in self.writes(state):
            with pytest.raises(Locked, match="bea on host2"):
                write()
        thief.unlock("l2")
        for write in self.writes(state):
            with pytest.raises(Locked):
                write()
        assert opened().load() == before

    def test_a_lease_that_ran_out_unnoticed_still_saves(self, state: StateBackend, clock: FakeClock) -> None:
        clock.sleep(600)
        state.save(Update(run="r1", rows=(row(),)))
        assert state.load().row("site.a") is not None

    def writes(self, backend: StateBackend) -> list[Callable[[], object]]:
        return [
            lambda: backend.begin(run("rx")),
            lambda: backend.save(Update(run="r1", rows=(row("site.x"),))),
            lambda: backend.end(attrs.evolve(run(), result="done")),
            lambda: backend.journal([intent()]),
            lambda: backend.settle_intents([]),
            lambda: backend.renew(holder(token=1)),
            lambda: backend.push(pull(State())),
            lambda: backend.prune(1),
        ]

    # --- Company ------------------------------------------------------------------------------------------------------

    def test_readers_see_each_save_and_never_wait(self, state: StateBackend, opened: Opened) -> None:
        readers = [opened() for _ in range(5)]
        for n in range(3):
            state.save(Update(run="r1", rows=(row(f"site.s{n}"),)))
            assert [len(reader.load().rows) for reader in readers] == [n + 1] * 5

    def test_closing_twice_is_harmless_and_what_was_saved_stays(self, state: StateBackend, opened: Opened) -> None:
        state.save(Update(run="r1", rows=(row(),)))
        state.close()
        state.close()
        assert opened().load().row("site.a") is not None
