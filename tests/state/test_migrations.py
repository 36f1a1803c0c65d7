"""An older state becomes a newer one, with a copy beside it; reading alone changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest
from sqlite_utils.db import Database

from haplan.errors import Locked, StateError
from haplan.model.state import Row, Update
from haplan.state import codec
from haplan_sqlite import SqliteState, schema
from tests.state.conftest import Open
from tests.state.samples import FakeClock, holder, row


def _colour(db: Database) -> None:
    db.table("rows").add_column("colour", str, not_null_default="green")


def _broken(db: Database) -> None:
    db.table("rows").add_column("colour", str)
    raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def older(state: SqliteState, path: Path, clock: FakeClock) -> Path:
    state.save(Update(run="r1", rows=(row(),)))
    state.close()
    clock.sleep(61)
    return path


@pytest.fixture
def newer_haplan(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("0003_colour", _colour)))


def columns(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {name for _, name, *_ in db.execute("PRAGMA table_info(rows)")}


def test_the_table_of_rows_has_a_column_for_each_field(older: Path) -> None:
    assert columns(older) == {field.name for field in attrs.fields(Row)} | {"since"}
    assert set(codec.ROW) < columns(older)


@pytest.mark.usefixtures("newer_haplan")
def test_reading_an_older_state_changes_nothing(older: Path, open_state: Open) -> None:
    before = older.read_bytes()
    assert open_state().load().row("site.a") is not None
    assert older.read_bytes() == before
    assert list(older.parent.iterdir()) == [older]


@pytest.mark.usefixtures("newer_haplan")
def test_writing_an_older_state_migrates_it_and_keeps_a_copy(older: Path, open_state: Open) -> None:
    writer = open_state()
    writer.lock(holder("l2"))
    assert "colour" in columns(older)
    assert writer.load().row("site.a") is not None
    copy = older.with_name("state.db.step-2.backup")
    assert writer.migrated == str(copy)
    assert "colour" not in columns(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    again = open_state()
    again.unlock("l2")
    assert again.migrated == ""


@pytest.mark.usefixtures("newer_haplan")
def test_a_state_in_use_is_not_migrated(older: Path, open_state: Open, clock: FakeClock) -> None:
    clock.sleep(-30)
    with pytest.raises(Locked, match="in use by ana on host1"):
        open_state().lock(holder("l2"))
    assert "colour" not in columns(older)


def test_a_migration_that_fails_leaves_all_as_it_was(
    older: Path, open_state: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, ("0003_colour", _broken)))
        with pytest.raises(StateError, match="disk I/O error"):
            open_state().lock(holder("l2"))
    assert "colour" not in columns(older)
    assert open_state().load().row("site.a") is not None


def test_a_state_with_a_step_unknown_here_is_refused(
    older: Path, open_state: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, ("0003_colour", _colour)))
        writer = open_state()
        writer.lock(holder("l2"))
        writer.close()
    with pytest.raises(StateError) as error:
        open_state().load()
    assert str(error.value) == (
        f"state {older} has format 2, step 0003_colour; this haplan reads up to format 2, step 0002_entries: "
        "upgrade haplan"
    )
