"""Applies whose state is in PostgreSQL: several at once, and with the server gone in the middle."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import haplan_postgres
from haplan import engine, repair
from haplan.errors import StateNotSaved
from haplan.state import recovery
from haplan.testing import FakeClock, Project
from tests.crowd import apply_at_once
from tests.mixed import mixed
from tests.state_postgres.conftest import Admin

NAMES = [f"t{number}" for number in range(6)]
TURNS = [NAMES[at] for at in mixed(len(NAMES))]
TEXT = "".join(f'Thing("{name}")\n' for name in TURNS)


def test_of_six_processes_one_writes_at_a_time_and_nothing_is_lost_and_readers_never_wait(
    tmp_path: Path, url: str
) -> None:
    apply_at_once(tmp_path, 6, haplan_postgres, state=url)


@pytest.fixture
def database(admin: Admin, server: str) -> Iterator[str]:
    """A database of its own, so that it can be shut; its URL."""
    name = f"haplan_test_{secrets.token_hex(4)}"
    admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{server.replace('/postgres?', f'/{name}?')}&schema=stack"
    admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def name_of(database: str) -> str:
    return database.partition("?")[0].rpartition("/")[2]


def break_off(admin: Admin, database: str) -> None:
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name_of(database)])


def let_in(admin: Admin, database: str, *, everybody: bool) -> None:
    admin.execute(f'ALTER DATABASE "{name_of(database)}" ALLOW_CONNECTIONS {everybody}')


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)  # a recovery file of a server's state is written where haplan runs
    return Project(tmp_path / "stack", TEXT, more=[haplan_postgres])


def test_a_server_that_was_restarted_in_the_middle_is_not_even_noticed(
    made: Project, database: str, admin: Admin
) -> None:
    made.cloud.during = lambda document, name: break_off(admin, database)
    assert made.apply(state=database).exit_code == 0
    assert made.plan(state=database).empty()
    assert made.state(state=database).intents == ()


class Waiting(FakeClock):
    """Time in which somebody who sleeps often enough is heard."""

    def __init__(self, times: int, then: Callable[[], None]) -> None:
        super().__init__()
        self.left, self._then = times, then
        self.counting = False

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.counting and self.left:
            self.left -= 1
            if not self.left:
                self._then()


@pytest.mark.parametrize("moment", ["t0", "t3", "t5"])
def test_a_server_that_is_away_for_less_than_the_lease_is_waited_for(
    made: Project, database: str, admin: Admin, moment: str
) -> None:
    clock = Waiting(60, lambda: let_in(admin, database, everybody=True))

    def away(document: str, name: str) -> None:
        if name == moment:
            clock.counting = True
            let_in(admin, database, everybody=False)
            break_off(admin, database)

    made.cloud.clock = clock
    made.cloud.during = away
    assert made.apply(state=database).exit_code == 0
    assert clock.left == 0
    assert (made.cloud.names(), made.state(state=database).intents) == (NAMES, ())
    assert made.plan(state=database).empty()
    assert not list(Path.cwd().glob("*.recovery-*"))


def test_a_server_that_stays_away_ends_the_run_with_9_and_nothing_is_lost(
    made: Project, database: str, admin: Admin
) -> None:
    def away(document: str, name: str) -> None:
        if name == "t3":
            let_in(admin, database, everybody=False)
            break_off(admin, database)

    made.cloud.during = away
    with pytest.raises(StateNotSaved, match="not currently accepting connections") as error:
        made.apply(state=database)
    assert (error.value.exit_code, len(str(error.value).splitlines())) == (9, 1)
    written, rest = TURNS[: TURNS.index("t3") + 1], TURNS[TURNS.index("t3") + 1 :]
    assert made.cloud.names() == sorted(written)
    (file,) = Path.cwd().glob("stack.recovery-*.json")
    assert f"`haplan state recover {file}`" in str(error.value)
    assert [row.name for row in recovery.read(file).update.rows] == ["t3"]
    *_, warning = (event.text for event in made.events if event.kind == "warning")
    assert "the lock is as it was; it is free again when its lease has run out" in warning

    let_in(admin, database, everybody=True)
    made.cloud.during = lambda document, name: None
    with made.session(state=database) as session:
        holder = session.backend.holder()
        assert holder is not None
        engine.force_unlock(session, holder.id)  # this very process lives on: else its lock would be taken over
        repair.recover(session)
    assert [change.name for change in made.plan(state=database).changes] == rest
    assert made.apply(state=database).exit_code == 0
    assert (made.cloud.names(), made.state(state=database).intents) == (NAMES, ())
