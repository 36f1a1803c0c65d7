"""What every state backend promises of the past. Inherit `StateHistoryContract` as `StateBackendContract`."""

import json

import pytest

from haplan.contracts import StateBackend
from haplan.errors import StateError
from haplan.model.document import Document
from haplan.model.state import OrderRow, OutputRow, State, Update
from haplan.state.document import pull
from tests.state.contract import Opened, Opening
from tests.state.samples import holder, intent, row, run


def ids(state: State) -> dict[str, str]:
    return {address: row.id for (address, _), row in state.rows.items()}


class StateHistoryContract(Opening):
    """Every run stays readable, until its history is pruned."""

    @pytest.fixture
    def three_runs(self, state: StateBackend) -> StateBackend:
        """r1 makes a and b; r2 changes a, deletes b, makes c; r3 deletes c and makes b anew."""
        order = OrderRow("t", "policies", ("x", "y"))
        state.save(Update(run="r1", rows=(row(id="draft"),)))
        state.save(
            Update(
                run="r1",
                rows=(row(id="1"), row("site.b", id="2")),
                orders=(order,),
                outputs=(OutputRow("o", 1),),
            )
        )
        state.begin(run("r2"))
        state.save(
            Update(
                run="r2",
                rows=(row(id="3"), row("site.c", id="4")),
                deleted=(("site.b", ""),),
                orders=(OrderRow("t", "policies", ("y", "x")),),
                outputs=(OutputRow("o", 2), OutputRow("p", 1)),
            )
        )
        state.begin(run("r3"))
        state.save(
            Update(
                run="r3",
                rows=(row("site.b", id="5"),),
                deleted=(("site.c", ""),),
                orders=(OrderRow("t", "policies", ()),),
                outputs=(),
            )
        )
        return state

    def test_each_run_can_be_read_as_it_left_the_state(self, three_runs: StateBackend, opened: Opened) -> None:
        first, second, third = (opened().as_of(serial) for serial in (1, 2, 3))
        assert ids(first) == {"site.a": "1", "site.b": "2"}
        assert ids(second) == {"site.a": "3", "site.c": "4"}
        assert ids(third) == ids(three_runs.load()) == {"site.a": "3", "site.b": "5"}
        assert [s.orders[Document("", "t"), "policies"].names for s in (first, second)] == [("x", "y"), ("y", "x")]
        assert [[(o.name, o.value) for o in s.outputs.values()] for s in (first, second, third)] == [
            [("o", 1)],
            [("o", 2), ("p", 1)],
            [],
        ]
        assert [r.id for r in second.runs] == ["r1", "r2"]

    @pytest.mark.parametrize("serial", [0, 4])
    def test_a_serial_that_never_was_is_refused(self, three_runs: StateBackend, serial: int) -> None:
        with pytest.raises(StateError, match=f"no record of serial {serial}; kept are 1 to 3"):
            three_runs.as_of(serial)

    def test_a_state_that_is_not_there_has_no_history(self, opened: Opened) -> None:
        with pytest.raises(StateError, match="nothing was recorded yet"):
            opened().as_of(1)

    def test_pruning_keeps_the_latest_runs_and_every_digest(self, three_runs: StateBackend) -> None:
        settled, still_open = three_runs.journal([intent(), intent()])
        three_runs.settle_intents([(settled.id, "done", {})])
        before = three_runs.load()
        assert three_runs.prune(2) == 1
        assert three_runs.prune(2) == 0
        after = three_runs.load()
        assert [r.id for r in after.runs] == ["r2", "r3"]
        assert (after.rows, after.applied, after.intents) == (before.rows, before.applied, (still_open,))
        assert ids(three_runs.as_of(2)) == {"site.a": "3", "site.c": "4"}
        with pytest.raises(StateError, match="kept are 2 to 3"):
            three_runs.as_of(1)

    def test_a_pushed_change_is_a_version_of_its_own(self, three_runs: StateBackend) -> None:
        document = json.loads(pull(three_runs.load()).replace(b'"id": "5"', b'"id": "mended"'))
        three_runs.push(json.dumps({**document, "serial": 4}).encode())
        assert ids(three_runs.as_of(3))["site.b"] == "5"
        assert ids(three_runs.as_of(4))["site.b"] == "mended"

    def test_a_state_pushed_to_a_new_place_has_no_history_there(
        self, three_runs: StateBackend, another: Opened
    ) -> None:
        copy = another()
        copy.lock(holder())
        copy.push(pull(three_runs.load()))
        assert ids(copy.as_of(3)) == {"site.a": "3", "site.b": "5"}
        with pytest.raises(StateError, match="kept are 3 to 3"):
            copy.as_of(2)
