"""The time of a simulator, whose processes may read the machine's clock a little differently."""

import sqlite3
from pathlib import Path

import attrs
import pytest

from haplan.lab import estate
from haplan.lab.estate import Estate, Tx


class Plain(Estate[Tx]):
    def transaction(self, db: sqlite3.Connection, now: float) -> Tx:
        return Tx(db, now)


@attrs.define
class Watch:
    """The clock of one process."""

    at: float

    def now(self) -> float:
        return self.at


def test_a_process_whose_clock_is_behind_what_another_wrote_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(1000.0)
    monkeypatch.setattr(estate, "_TIME", watch)
    ahead, behind = Plain(tmp_path, "one.db"), Plain(tmp_path, "one.db")
    with ahead.write() as tx:
        assert tx.now == 1000.0
    watch.at = 999.5
    with behind.write() as tx:
        assert tx.now == 1000.0
    watch.at = 1001.0
    assert behind.now() == 1001.5, "it is as far behind as it was, and no further"
    with behind.write() as tx:
        tx.let_pass(60)
    assert behind.now() == 1061.5
    assert ahead.now() == 1061.5, "the first reads the second one's time"
    watch.at = 1002.0
    assert [one.now() for one in (ahead, behind)] == [1062.5, 1062.5]
    for one in (ahead, behind):
        one.close()


def test_a_transaction_that_is_undone_moves_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estate, "_TIME", Watch(1000.0))
    lab = Plain(tmp_path, "one.db")

    def broken() -> None:
        with lab.write() as tx:
            tx.let_pass(60)
            raise ValueError("struck")

    with pytest.raises(ValueError, match="struck"):
        broken()
    assert lab.now() == 1000.0
    lab.close()
