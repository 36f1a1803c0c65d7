"""Several at once: readers and writers, states beside each other, lost connections, and whose clock it is."""

import time
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from haplan.errors import Locked, StateError, StateNotSaved
from haplan.model.state import State, Update
from haplan_postgres import link, open_postgres, writing
from haplan_postgres.backend import PostgresState
from haplan_postgres.place import parse
from tests.mixed import mixed
from tests.state.samples import FakeClock, holder, intent, row, run
from tests.state_postgres.conftest import Admin, Open, ServerClock

# --- Time -------------------------------------------------------------------------------------------------------------


def test_time_is_the_servers_whatever_the_clock_here_says(url: str, admin: Admin) -> None:
    ((before,),) = admin.execute("SELECT extract(epoch FROM now())::float8").fetchall()
    backend = open_postgres(url, FakeClock(at=0.0))
    taken = backend.lock(holder())
    backend.close()
    assert before <= taken.since <= before + 30
    assert taken.until == taken.since + 60


def test_the_time_that_counts_is_after_the_wait_for_another_transaction(url: str) -> None:
    first, late = open_postgres(url, FakeClock()), open_postgres(url, FakeClock())
    first.lock(holder())
    late.load()
    late._make_ready()
    with ThreadPoolExecutor() as pool:
        with first._writing() as at:
            writing.put_holder(at.db, attrs.evolve(at.there, until=at.now + 0.2))
            waiting = pool.submit(late.lock, holder("l2", where="host2"))
            time.sleep(0.3)
        assert waiting.result().token == 2
    first.close()
    late.close()


# --- Readers ----------------------------------------------------------------------------------------------------------


def test_a_reader_does_not_wait_for_a_writer_nor_see_half_of_its_work(state: PostgresState, open_state: Open) -> None:
    with state._writing() as at:
        writing.save(at.db, Update(run="r1", rows=(row(),)))
        reader, began = open_state(), time.monotonic()
        assert (reader.load().rows, reader.holder() is None) == ({}, False)
        assert time.monotonic() - began < 5
    assert set(reader.load().rows) == {("site.a", "")}


def test_a_writer_waits_for_a_reader_no_more_than_a_reader_for_it(state: PostgresState, open_state: Open) -> None:
    reader = open_state()
    with reader._link.reading() as db:
        db.execute("SELECT count(*) FROM rows")
        state.save(Update(run="r1", rows=(row(),)))
        assert db.execute("SELECT count(*) FROM rows").fetchone() == (0,)
    assert len(reader.load().rows) == 1


def test_reading_what_is_not_there_makes_nothing(open_state: Open, admin: Admin, schema: str) -> None:
    backend = open_state()
    assert (backend.load(), backend.holder(), backend.unlock("l1")) == (State(), None, None)
    assert admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is None


def test_a_reader_needs_no_right_to_write(state: PostgresState, url: str, admin: Admin, schema: str) -> None:
    if "//postgres@" not in url:
        pytest.skip("the named server's URL has another user than postgres")
    state.save(Update(run="r1", rows=(row(),)))
    admin.execute(f'CREATE ROLE "{schema}_role" LOGIN')
    try:
        reader = PostgresState(parse(url.replace("//postgres@", f"//{schema}_role@")))
        with pytest.raises(StateError, match="permission denied"):
            reader.load()
        admin.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{schema}_role"')
        admin.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{schema}_role"')
        assert len(reader.load().rows) == 1
        with pytest.raises(StateError, match="permission denied for table lock; the lock was not taken"):
            reader.lock(holder("l2"))
        reader.close()
    finally:
        admin.execute(f'DROP OWNED BY "{schema}_role"; DROP ROLE "{schema}_role"')


# --- Writers ----------------------------------------------------------------------------------------------------------


def test_a_writer_that_waits_too_long_says_so(
    state: PostgresState, open_state: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_WRITE", link._WRITE.replace("lock_timeout = '10s'", "lock_timeout = '50ms'"))
    other = open_state()
    other._make_ready()
    with state._writing(), pytest.raises(StateError, match="another process has been writing it for more than 10 s"):
        other.lock(holder("l2"))
    with pytest.raises(Locked):
        other.lock(holder("l2", where="host2"))


def test_a_commit_is_durable_whatever_the_servers_default(state: PostgresState, admin: Admin) -> None:
    with state._writing() as at:
        assert at.db.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert at.db.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("30s",)


def test_a_small_save_in_a_large_state_reads_no_table_whole(state: PostgresState, schema: str) -> None:
    rows = tuple(row(f"site.s{n}", values={"text": "x" * 100}) for n in mixed(3000))
    state.save(Update(run="r1", rows=rows))
    waiting = state.journal([intent() for _ in range(3)])
    state.begin(run("r2"))
    one = Update(
        run="r2", rows=rows[:1], deleted=(("site.s9", ""),), expected={(rows[0].address, ""): 1, ("site.s9", ""): 1}
    )
    with state._writing() as at:
        writing.save(at.db, attrs.evolve(one, intents=((waiting[1].id, "done", {}),)))
        read = at.db.execute(
            "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE schemaname = %s", [schema]
        )
        assert all(count < 100 for _, count in read)
    assert len(state.load().rows) == 2999


def test_states_in_other_schemas_are_other_states(state: PostgresState, url: str, server_clock: ServerClock) -> None:
    state.save(Update(run="r1", rows=(row(),)))
    other = PostgresState(parse(f"{url}_other"), time=server_clock.query)
    assert other.load() == State()
    assert other.lock(holder("l2")).token == 1
    assert other.begin(run("r1")).serial == 1
    assert other.load().lineage != state.load().lineage
    other.close()


def test_a_schema_made_beforehand_is_used(open_state: Open, admin: Admin, schema: str) -> None:
    admin.execute(f'CREATE SCHEMA "{schema}"')
    assert open_state().load() == State()
    assert open_state().lock(holder()).token == 1


# --- Lost connections -------------------------------------------------------------------------------------------------


def cut(backend: PostgresState, admin: Admin) -> None:
    """End the backend's connection, as a restart of the server does."""
    assert backend._link._db is not None
    admin.execute("SELECT pg_terminate_backend(%s, 5000)", [backend._link._db.info.backend_pid])


def test_a_run_goes_on_over_a_new_connection(state: PostgresState, open_state: Open, admin: Admin) -> None:
    (waiting,), held = state.journal([intent()]), state.holder()
    assert held is not None
    for write in (
        lambda: state.save(Update(run="r1", rows=(row(),), expected={("site.a", ""): 0})),
        lambda: state.settle_intents([(waiting.id, "done", {})]),
        lambda: state.renew(held),
        lambda: state.load(),
    ):
        cut(state, admin)
        write()
    loaded = open_state().load()
    assert (set(loaded.rows), loaded.intents) == ({("site.a", "")}, ())


def test_a_save_whose_connection_breaks_on_the_way_is_made_once_more(
    state: PostgresState, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, calls = writing.save, []

    def breaking(db: object, update: Update) -> None:
        calls.append(db)
        save(db, update)  # type: ignore[arg-type]  # a connection
        if len(calls) == 1:
            cut(state, admin)

    monkeypatch.setattr(writing, "save", breaking)
    state.save(Update(run="r1", rows=(row(),), expected={("site.a", ""): 0}))
    assert (len(calls), len(state.load().rows)) == (2, 1)


def test_who_lost_the_lock_while_the_connection_was_down_writes_nothing(
    state: PostgresState, open_state: Open, admin: Admin, server_clock: ServerClock
) -> None:
    cut(state, admin)
    server_clock.sleep(61)
    open_state().lock(holder("l2", who="bea", where="host2"))
    with pytest.raises(Locked, match="bea on host2"):
        state.save(Update(run="r1", rows=(row(),)))


def test_a_journal_that_cannot_be_written_forbids_the_write(
    state: PostgresState, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "journal", lambda db, made: cut(state, admin) or db.execute("SELECT 1"))
    with pytest.raises(StateNotSaved, match="no further write was begun"):
        state.journal([intent()])
    assert state.load().intents == ()
