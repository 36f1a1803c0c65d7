"""What every state backend promises of pull and push. Inherit `StatePushContract` as `StateBackendContract`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from haplan.contracts import StateBackend
from haplan.errors import Locked, StateError
from haplan.model.state import OrderRow, OutputRow, PlacementRow, State, Update
from haplan.state.document import parse, pull
from tests.state.contract import Opened, Opening
from tests.state.samples import holder, intent, row, run


def changed(document: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(document), **changes}).encode()


class StatePushContract(Opening):
    """A state can be pulled, mended and pushed."""

    @pytest.fixture
    def full(self, state: StateBackend) -> StateBackend:
        state.save(
            Update(
                run="r1",
                rows=(row(values={"n": "ü\ud800"}, depends_on=("network.n",)), row(deposed="d1"), row("site.b")),
                placements=(PlacementRow("site.a", "d", "p", "pending"),),
                orders=(OrderRow("d", "l", ("b", "a")),),
                outputs=(OutputRow("o", [1, None], sensitive=True),),
                identities={"mist": {"org": "1"}},
                settings={"mist": {"host": "h"}},
                memories={"mist": {"m": [1.5]}},
            )
        )
        state.journal([intent(addresses=("site.a", "site.c"), idempotent=True)])
        state.begin(run("r2"))
        return state

    def test_pull_push_pull_gives_the_same_bytes(self, full: StateBackend, another: Opened) -> None:
        document = pull(full.load())
        copy = another()
        copy.lock(holder())
        for _ in range(2):
            copy.push(document)
            assert pull(copy.load()) == document

    def test_parse_undoes_pull_but_for_the_key(self, full: StateBackend) -> None:
        loaded = full.load()
        assert pull(parse(pull(loaded))) == pull(loaded)
        assert parse(pull(loaded)).rows == loaded.rows
        assert parse(pull(loaded)).intents == loaded.intents

    def test_the_secret_key_is_never_pulled_and_stays_on_push(self, full: StateBackend) -> None:
        key, document = full.load().key, pull(full.load())
        assert key.hex().encode() not in document
        full.push(changed(document, serial=3, rows=[]))
        assert (full.load().key, full.load().rows, full.load().serial) == (key, {}, 3)

    def test_a_mended_state_replaces_the_stored_one(self, full: StateBackend, opened: Opened) -> None:
        document = json.loads(pull(full.load()))
        del document["rows"][0]
        document |= {"serial": 3, "placements": [], "orders": [], "intents": [], "applied": [], "memories": {}}
        full.push(json.dumps(document).encode())
        after = opened().load()
        assert json.loads(pull(after)) == document
        assert full.begin(run("r3")).serial == 4

    def test_what_was_pulled_in_the_middle_of_a_run_is_not_told_to_take_the_next_serial_alone(
        self, full: StateBackend
    ) -> None:
        document = pull(full.load())
        full.save(Update(run="r2", rows=(row("site.c"),)))
        with pytest.raises(StateError, match=r"a run was under way when it was pulled; pull again, or, if you changed"):
            full.push(document)
        assert "site.c" in {address for address, _ in full.load().rows}

    def test_an_empty_state_can_be_pushed_to_an_empty_one(self, opened: Opened) -> None:
        backend = opened()
        backend.lock(holder())
        backend.push(pull(State()))
        assert backend.load() == State()

    @pytest.mark.parametrize(
        ("mend", "says"),
        [
            (lambda d: b"\xff", "this is not a pulled state"),
            (
                lambda d: d.replace(b'"serial"', b'"serial":9,"serial"', 1),
                "state: 'serial' stands in it twice",
            ),
            (lambda d: b"[]", "its format must be 'haplan-state/2'"),
            (lambda d: changed(d, format="haplan-state/9"), "has format haplan-state/9.*upgrade haplan"),
            (lambda d: changed(d, colour=1), "colour missing or unknown"),
            (lambda d: changed(d, lineage="other"), "has lineage other, state .* they are two states"),
            (lambda d: changed(d, lineage=""), "rows but no lineage"),
            (lambda d: changed(d, serial=1), "serial 1, state .* is at 2"),
            (lambda d: changed(d, rows=[]), "was changed but has the serial 2.*set its serial to 3"),
            (lambda d: changed(d, rows={}), "rows: {} is not allowed here"),
            (lambda d: changed(d, rows=[{"address": "a", "type": "t"}]), r"rows\[0\]: field 'provider' is missing"),
            (lambda d: changed(d, rows=[{"adress": "a"}]), r"rows\[0\]: unknown field 'adress'"),
            (lambda d: changed(d, outputs=[{"name": 1, "value": 1}]), r"outputs\[0\]\.name: 1 is not allowed here"),
            (lambda d: changed(d, orders=[{"document": "d", "list": "l", "names": "ab"}]), r"orders\[0\]\.names: 'ab'"),
            (lambda d: changed(d, outputs=[{"name": "o", "value": 1}] * 2), "outputs: one key stands there twice"),
            (lambda d: changed(d, applied=[1]), r"applied\[0\]: 1 is not allowed here"),
            (lambda d: changed(d, memories={"mist": 1}), "memories.mist: 1"),
        ],
    )
    def test_a_document_that_may_not_replace_is_refused(
        self, full: StateBackend, mend: Callable[[bytes], bytes], says: str
    ) -> None:
        before = full.load()
        with pytest.raises(StateError, match=says):
            full.push(mend(pull(before)))
        assert full.load() == before

    def test_push_needs_the_lock(self, full: StateBackend, opened: Opened) -> None:
        with pytest.raises(Locked):
            opened().push(pull(full.load()))
