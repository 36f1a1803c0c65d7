"""What the URL says, and that no message says its password."""

import pytest

from haplan.errors import StateError
from haplan.state.location import shown
from haplan_postgres import open_postgres
from haplan_postgres.place import parse
from tests.state.samples import FakeClock


def refused(url: str) -> str:
    with pytest.raises(StateError) as error:
        open_postgres(url, FakeClock())
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_the_schema_is_ours_and_the_rest_is_libpqs(scheme: str) -> None:
    place = parse(f"{scheme}://ana@db:5433/net?sslmode=require&schema=shop_prod&options=-c%20a%3Db")
    assert place.schema == "shop_prod"
    assert place.conninfo == f"{scheme}://ana@db:5433/net?sslmode=require&options=-c%20a%3Db"
    assert place.url == f"{scheme}://ana@db:5433/net?sslmode=require&schema=shop_prod&options=-c%20a%3Db"


def test_a_backup_is_named_by_the_url_of_its_schema() -> None:
    assert parse("postgres://ana@db/net?schema=a&sslmode=require").beside("b") == (
        "postgres://ana@db/net?schema=b&sslmode=require"
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db/net", "must name one schema, its own for each stack and env: write postgresql://user@host/"),
        ("postgresql://db/net?schema=", "the schema's name may have"),
        ("postgresql://db/net?schema=a&schema=b", "must name one schema"),
        ("postgresql://db/net?schema=pg_catalog", "the schema's name may have"),
        ('postgresql://db/net?schema=a"%3B', "the schema's name may have"),
        ("postgresql://db/net?schema=" + "a" * 41, "up to 40"),
        ("mysql://db/net?schema=a", "cannot be used here: write postgresql://"),
        ("postgresql://db/net?schema=a&sslmod=require", 'cannot be read: invalid URI query parameter: "sslmod"'),
    ],
)
def test_another_url_is_refused_with_the_right_spelling(url: str, says: str) -> None:
    assert says in refused(url)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("postgresql://ana:s3cret@db/net?schema=a", "postgresql://ana:***@db/net?schema=a"),
        ("postgresql://ana@db/net?schema=a&password=s3cret", "postgresql://ana@db/net?schema=a&password=***"),
        ("postgresql://:s3cret@/net?schema=a", "postgresql://:***@/net?schema=a"),
        ("postgresql://db:5432/net?schema=a", "postgresql://db:5432/net?schema=a"),
        ("sqlite:////home/a:b@c/state.db", "sqlite:////home/a:b@c/state.db"),
        ("postgresql://ana:s3/cr@et@db/net?schema=a", "postgresql://ana:***@db/net?schema=a"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, seen: str) -> None:
    assert shown(url) == seen
    assert shown(seen) == seen


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3c@ret@db/net?schema=a",
        "postgresql://ana:s3c/ret@db/net?schema=a",
        "postgresql://ana:s3c?ret@db/net?schema=a",
        "postgresql://ana:s3c#ret@db/net?schema=a",
        "postgresql://ana:s3c%ret@db/net?schema=a",
        "postgresql://ana:s3cret@db/net",
        "postgresql://ana:s3cret@db/net?schema=a&sslmod=require",
        "mysql://ana:s3cret@db/net",
    ],
)
def test_a_url_that_is_refused_is_refused_without_its_password(url: str) -> None:
    assert "s3c" not in refused(url)
    assert "ret" not in refused(url).replace("secret", "")


@pytest.mark.parametrize("password", ["s3cret", "s3%63ret", "p%40ss%2Fs3cret"])
def test_a_server_that_cannot_be_reached_is_named_without_the_password(password: str) -> None:
    backend = open_postgres(f"postgresql://ana:{password}@127.0.0.1:1/net?schema=a", FakeClock())
    for attempt in (backend.load, backend.now, lambda: backend.unlock("l1")):
        with pytest.raises(StateError, match="cannot be read now") as error:
            attempt()
        assert str(error.value).startswith("state postgresql://ana:***@127.0.0.1:1/net?schema=a cannot be read now: ")
        assert "s3cret" not in str(error.value)
        assert "\n" not in str(error.value)
    assert "s3cret" not in repr(backend._place)
    assert "s3cret" not in backend.url


def test_a_url_as_it_was_shown_leaves_the_password_to_libpq() -> None:
    assert parse("postgresql://ana:***@db/net?schema=a").conninfo == "postgresql://ana@db/net"
