"""An older state becomes a newer one, with a copy beside it; reading alone changes nothing."""

import attrs
import pytest

from haplan.errors import Locked, StateError
from haplan.model.state import Row, Update
from haplan_postgres import schema as tables
from haplan_postgres.backend import PostgresState
from haplan_postgres.link import Db
from haplan_postgres.place import parse
from tests.state.samples import holder, row
from tests.state_postgres.conftest import Admin, Open, ServerClock


def _colour(db: Db) -> None:
    db.execute("ALTER TABLE rows ADD COLUMN colour text NOT NULL DEFAULT 'green'")
    db.execute("UPDATE rows SET name = 'migrated'")


def _broken(db: Db) -> None:
    _colour(db)
    db.execute("SELECT 1 / 0")


@pytest.fixture
def older(state: PostgresState, server_clock: ServerClock) -> None:
    state.save(Update(run="r1", rows=(row(name="old"),)))
    state.close()
    server_clock.sleep(61)


@pytest.fixture
def newer_haplan(older: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "STEPS", (*tables.STEPS, ("0003_colour", _colour)))


def columns(admin: Admin, schema: str, table: str = "rows") -> set[str]:
    sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
    return {name for (name,) in admin.execute(sql, [schema, table])}


@pytest.mark.usefixtures("older")
def test_the_tables_have_a_column_for_each_field(admin: Admin, schema: str) -> None:
    row_columns = {field.name for field in attrs.fields(Row)} | {"since"}
    assert columns(admin, schema) == row_columns
    assert columns(admin, schema, "row_history") == row_columns | {"until"}


@pytest.mark.usefixtures("newer_haplan")
def test_reading_an_older_state_changes_nothing(open_state: Open, admin: Admin, schema: str) -> None:
    reader = open_state()
    for _ in range(2):
        assert [row.name for row in reader.load().rows.values()] == ["migrated"]
    assert [row.name for row in reader.as_of(1).rows.values()] == ["migrated"]
    assert "colour" not in columns(admin, schema)
    assert admin.execute(f'SELECT name FROM "{schema}".rows').fetchall() == [("old",)]


@pytest.mark.usefixtures("newer_haplan")
def test_writing_an_older_state_migrates_it_and_keeps_a_copy(
    open_state: Open, admin: Admin, schema: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_state()
    writer.lock(holder("l2"))
    assert "colour" in columns(admin, schema)
    assert writer.load().rows["site.a", ""].name == "migrated"
    assert writer.migrated == f"{url}_step_2_backup"
    again = open_state()
    again.unlock("l2")
    assert again.migrated == ""
    monkeypatch.undo()
    copy = PostgresState(parse(writer.migrated))
    assert copy.load().rows["site.a", ""].name == "old"
    copy.close()


@pytest.mark.usefixtures("newer_haplan")
def test_a_state_in_use_is_not_migrated(open_state: Open, server_clock: ServerClock, admin: Admin, schema: str) -> None:
    server_clock.sleep(-30)
    with pytest.raises(Locked, match="in use by ana on host1"):
        open_state().lock(holder("l2"))
    assert "colour" not in columns(admin, schema)


@pytest.mark.usefixtures("older")
def test_a_migration_that_fails_leaves_all_as_it_was(
    open_state: Open, admin: Admin, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tables, "STEPS", (*tables.STEPS, ("0003_colour", _broken)))
        with pytest.raises(StateError, match="division by zero; the lock was not taken"):
            open_state().lock(holder("l2"))
    assert "colour" not in columns(admin, schema)
    assert columns(admin, f"{schema}_step_2_backup") == set()
    assert open_state().load().rows["site.a", ""].name == "old"


@pytest.mark.usefixtures("older")
def test_a_state_with_a_step_unknown_here_is_refused(
    open_state: Open, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tables, "STEPS", (*tables.STEPS, ("0003_colour", _colour)))
        open_state().lock(holder("l2"))
    for attempt in (open_state().load, lambda: open_state().lock(holder("l3"))):
        with pytest.raises(StateError) as error:
            attempt()
        assert str(error.value) == (
            f"state {url} has format 2, step 0003_colour; this haplan reads up to format 2, step 0002_entries: "
            "upgrade haplan"
        )
