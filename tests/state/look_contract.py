"""What a state backend that gives parts of a state promises."""

from haplan.contracts import StateBackend
from haplan.host.backend import look
from haplan.model.state import OutputRow, PlacementRow, State, Update
from tests.state.contract import Opened, Opening
from tests.state.samples import row


class StateLookContract(Opening):
    """A look gives what was asked for as `load` does, and nothing else of what there may be much of."""

    def test_a_look_gives_the_rows_that_are_asked_for_with_outputs_and_runs(
        self, state: StateBackend, opened: Opened
    ) -> None:
        rows = tuple(row(f"site.{name}", values={"name": name}) for name in "abc")
        old = row("site.b", deposed="0a0b", values={"name": "old"})
        placed = tuple(PlacementRow(one.address, f"site:{one.address}", "") for one in rows)
        state.save(Update(run="r1", rows=(*rows, old), placements=placed, outputs=(OutputRow("o", 1),)))
        found, whole = look(opened(), ["site.b", "site.x"]), opened().load()
        assert dict(found.rows) == {key: one for key, one in whole.rows.items() if key[0] == "site.b"}
        assert dict(found.placements) == {key: one for key, one in whole.placements.items() if key[0] == "site.b"}
        assert (found.lineage, found.serial, found.outputs, found.runs) == (
            whole.lineage, whole.serial, whole.outputs, whole.runs,
        )  # fmt: skip
        assert not look(opened()).rows

    def test_a_look_at_a_state_never_written_is_empty(self, opened: Opened) -> None:
        assert look(opened(), ["site.a"]) == State()
