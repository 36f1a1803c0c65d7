"""A damaged, foreign or newer file is refused in one line that says what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from haplan.errors import StateError
from haplan.model.state import Update
from haplan_sqlite import SqliteState
from tests.mixed import mixed
from tests.state.conftest import Open
from tests.state.samples import holder, intent, row


@pytest.fixture
def saved(state: SqliteState, path: Path) -> Path:
    """A closed state with a thousand rows and an intent."""
    rows = tuple(row(f"site.s{n}", values={"name": "x" * 200}) for n in mixed(1000))
    state.save(Update(run="r1", rows=rows))
    state.journal([intent()])
    state.unlock("l1")
    state.close()
    return path


def refused(open_state: Open) -> str:
    """What reading and writing say alike."""
    with pytest.raises(StateError) as reading:
        open_state().load()
    with pytest.raises(StateError) as writing:
        open_state().lock(holder("l2"))
    assert "\n" not in str(reading.value) + str(writing.value)
    assert str(reading.value) == str(writing.value)
    return str(reading.value)


def execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(sql)
        db.commit()


def test_a_file_that_is_no_database(path: Path, open_state: Open) -> None:
    path.write_text("a letter to a friend\n" * 99)
    assert refused(open_state) == (
        f"state {path} is damaged: it is not a SQLite database; restore a backup of the file, or delete it and "
        "`haplan state push` a copy that `haplan state pull` made"
    )


def test_an_empty_file_is_not_a_beginning(path: Path, open_state: Open) -> None:
    path.touch()
    assert "the file is empty" in refused(open_state)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9999])
def test_a_file_cut_short(saved: Path, open_state: Open, cut: float) -> None:
    saved.write_bytes(saved.read_bytes()[: int(saved.stat().st_size * cut)])
    assert "the file was cut short" in refused(open_state)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.95])
def test_a_file_with_garbage_inside(saved: Path, open_state: Open, at: float) -> None:
    content = bytearray(saved.read_bytes())
    start = int(len(content) * at)
    content[start : start + 9000] = b"\xa5" * 9000
    saved.write_bytes(bytes(content[: saved.stat().st_size]))
    with pytest.raises(StateError, match=r"state\.db is damaged"):
        open_state().load()


def test_a_folder_in_its_place(path: Path, open_state: Open) -> None:
    path.mkdir()
    assert "it is not a file" in refused(open_state)


def test_a_database_of_somebody_else_is_left_alone(path: Path, open_state: Open) -> None:
    execute(path, "CREATE TABLE songs (title)")
    before = path.read_bytes()
    assert refused(open_state) == (
        f"{path} is a SQLite database, but not a state of haplan; give another file with --state"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("table", ["rows", "row_history", "lock", "runs"])
def test_a_missing_table(saved: Path, open_state: Open, table: str) -> None:
    execute(saved, f"DROP TABLE {table}")
    assert f"table {table} is missing" in refused(open_state)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("""UPDATE rows SET "values" = '{"a": ' WHERE address = 'site.s7'""", "values of row site.s7"),
        ("""UPDATE rows SET depends_on = '{}' WHERE address = 'site.s7'""", "depends_on of row site.s7: not a list"),
        ("""UPDATE rows SET private = '[]' WHERE address = 'site.s7'""", "private of row site.s7: not a mapping"),
        ("""UPDATE rows SET status = 'fine' WHERE address = 'site.s7'""", "status of row site.s7: 'fine' is unknown"),
        ("""UPDATE rows SET name = CAST(x'ff' AS TEXT) WHERE address = 'site.s7'""", "UTF-8"),
        ("""UPDATE intents SET addresses = '{"address": 1}'""", "intent 1: addresses"),
        ("""UPDATE meta SET value = 'two' WHERE key = 'serial'""", "'two'"),
        ("""UPDATE meta SET value = 'xyz' WHERE key = 'secret_key'""", "hexadecimal"),
        ("""DELETE FROM meta WHERE key = 'format'""", "its format is not recorded"),
    ],
)
def test_a_cell_that_cannot_be_read(saved: Path, open_state: Open, sql: str, says: str) -> None:
    execute(saved, sql)
    with pytest.raises(StateError) as error:
        open_state().load()
    assert says in str(error.value)
    assert str(error.value).startswith(f"state {saved} is damaged: ")
    assert "\n" not in str(error.value)


def test_a_newer_format_is_refused_by_its_number(saved: Path, open_state: Open) -> None:
    execute(saved, "UPDATE meta SET value = '7' WHERE key = 'format'")
    before = saved.read_bytes()
    assert refused(open_state) == (
        f"state {saved} has format 7; this haplan reads up to format 2, step 0002_entries: upgrade haplan"
    )
    assert saved.read_bytes() == before


def test_a_value_larger_than_any_that_haplan_writes(saved: Path, open_state: Open) -> None:
    execute(saved, "UPDATE rows SET \"values\" = CAST(zeroblob(65 * 1024 * 1024) AS TEXT) WHERE address = 'site.s7'")
    with pytest.raises(StateError, match=r"state\.db is damaged: a value in it is larger than 64 MB; restore") as error:
        open_state().load()
    assert "\n" not in str(error.value)
