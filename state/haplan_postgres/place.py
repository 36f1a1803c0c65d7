"""Where a state is: what the URL says, and what of it may be shown."""

import re
from urllib.parse import parse_qsl, unquote

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict

from haplan.plugin import (
    HIDDEN,
    StateError,
)
from haplan.plugin import (
    shown_location as shown,
)

SPELLING = "write postgresql://user@host/database?schema=name"

_SCHEMA = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,39}")
"""PostgreSQL has 63 signs for a name; some are left for the name of a backup."""

_PASSWORD = re.compile(r"^[^/?#]*://[^:/?#]*:(.*)@", re.S)


@attrs.frozen
class Place:
    """A schema of a database.

    Attributes:
        conninfo: For libpq; may hold a password.
        schema: Its name.
        url: For people.
        secrets: What must not be shown.
    """

    conninfo: str = attrs.field(repr=False)
    schema: str
    url: str
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def quoted(self) -> str:
        """The schema's name for SQL; `parse` let no quote in."""
        return f'"{self.schema}"'

    def beside(self, schema: str) -> str:
        """The URL of another schema of the same database."""
        return re.sub(r"([?&]schema=)[^&]*", rf"\g<1>{schema}", self.url)

    def redacted(self, text: str) -> str:
        """One line without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return " ".join(text.split())


def parse(url: str) -> Place:
    """The place that a URL names; nothing is sent.

    Raises:
        StateError: It cannot be read, or names no schema; the message never holds a password.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        raise StateError(f"state URL {shown(url)!r} cannot be used here: {SPELLING}")
    password = _PASSWORD.match(url)
    if password and re.search(r"[@/?#\[\]\s]", password[1]):
        raise StateError(f"state URL {shown(url)!r}: percent-encode the special signs of the password (@ is %40)")
    address, _, query = url.partition("?")
    parts = query.split("&") if query else []
    schemas = [unquote(part.partition("=")[2]) for part in parts if part.startswith("schema=")]
    if len(schemas) != 1:
        raise StateError(f"state URL {shown(url)!r} must name one schema, its own for each stack and env: {SPELLING}")
    if not _SCHEMA.fullmatch(schemas[0]):
        rule = "letters, digits, _ and -, up to 40, not beginning with a digit or pg_"
        raise StateError(f"state URL {shown(url)!r}: the schema's name may have {rule}")
    rest = "&".join(part for part in parts if not part.startswith("schema="))
    address = address.replace(f":{HIDDEN}@", "@", 1)  # a URL as it was shown: libpq may know the password otherwise
    conninfo = f"{address}?{rest}" if rest else address
    return Place(conninfo, schemas[0], shown(url), _checked(conninfo, shown(url), rest))


def _checked(conninfo: str, seen: str, query: str) -> tuple[str, ...]:
    try:
        known = conninfo_to_dict(conninfo)
    except psycopg.Error as error:
        why = "" if HIDDEN in seen else f": {' '.join(str(error).split())}"  # libpq quotes what it did not understand
        raise StateError(f"state URL {seen!r} cannot be read{why}; {SPELLING}") from None
    raw = _PASSWORD.match(conninfo)
    secrets = {str(known.get("password") or ""), str(known.get("sslpassword") or ""), raw[1] if raw else ""}
    secrets |= {value for name, value in parse_qsl(query) if "password" in name}
    return tuple(sorted(secrets - {""}, key=len, reverse=True))
