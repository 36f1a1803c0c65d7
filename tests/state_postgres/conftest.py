"""One real server for all tests here, and a fresh schema for each."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.state.samples import FakeClock, holder, run
from tests.state_postgres.server import NoServer, serving

if TYPE_CHECKING:
    import psycopg

    from haplan_postgres.backend import PostgresState

Open = Callable[[], "PostgresState"]
Admin = Any  # a connection of psycopg, which need not be there


class _Skipped(pytest.Module):
    def collect(self) -> Iterable[pytest.Item]:
        pytest.skip("install haplan[test]: psycopg is missing", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Without psycopg only that can be tested."""
    if find_spec("psycopg") or module_path.stem == "test_without_psycopg":
        return None
    return _Skipped.from_parent(parent, path=module_path)


class ServerClock(FakeClock):
    """Time that stands still until a test moves it, kept on the server: a backend asks `query`."""

    def __init__(self, db: Admin, schema: str) -> None:
        super().__init__()
        self._db = db
        self.query = f'SELECT at FROM "{schema}".clock'
        self._db.execute(f'CREATE SCHEMA "{schema}"')
        self._db.execute(f'CREATE TABLE "{schema}".clock AS SELECT {self.at}::float8 AS at')
        self._change = f'UPDATE "{schema}".clock SET at = %s'

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._db.execute(self._change, [self.at])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of the server."""
    try:
        with serving() as url:
            yield url
    except NoServer as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def admin(server: str) -> "Iterator[psycopg.Connection[Any]]":
    import psycopg

    with psycopg.connect(server, autocommit=True) as db:
        yield db


@pytest.fixture
def schema(admin: Admin) -> Iterator[str]:
    """A name for the state of a test; what it made under that name is dropped."""
    name = f"haplan_test_{secrets.token_hex(4)}"
    yield name
    made = admin.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [name]).fetchall()
    for (one,) in made:
        admin.execute(f'DROP SCHEMA "{one}" CASCADE')


@pytest.fixture
def url(server: str, schema: str) -> str:
    return f"{server}{'&' if '?' in server else '?'}schema={schema}"


@pytest.fixture
def server_clock(admin: Admin, schema: str) -> ServerClock:
    return ServerClock(admin, f"{schema}_clock")


@pytest.fixture
def open_state(url: str, server_clock: ServerClock) -> Iterator[Open]:
    """Opens the same state once more, each time; all are closed at the end."""
    from haplan_postgres.backend import PostgresState
    from haplan_postgres.place import parse

    with ExitStack() as stack:

        def once_more() -> PostgresState:
            backend = PostgresState(parse(url), time=server_clock.query)
            stack.callback(backend.close)
            return backend

        yield once_more


@pytest.fixture
def state(open_state: Open) -> "PostgresState":
    """With the lock taken and the run r1 begun."""
    backend = open_state()
    backend.lock(holder())
    backend.begin(run())
    return backend
