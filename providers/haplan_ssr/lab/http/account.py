"""Logins and tokens: 128technology/docs, intro_rest_graphql_apis.md."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_ssr.lab.config.store import REST, Store
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.http.wire import Refused


def login(tx: Tx, body: Tree, agent: str, source: str) -> Answer:
    """A token for a name and password."""
    given = body if isinstance(body, dict) else {}
    row = tx.one("select * from users where name = ?", str(given.get("username")))
    if row is None or row["password"] != given.get("password"):
        raise Refused(401, "Invalid username or password.")
    claims = {
        "name": row["name"], "roles": ["admin"], "scopes": ["configure", "show-commands"],
        "capabilities": json.loads(row["capabilities"]), "application": "REST", "userAgent": agent,
        "ipAddress": source, "iss": tx.meta("router"), "iat": int(tx.now),
    }  # fmt: skip
    token = _signed(tx, claims)
    sql = "insert into tokens (token, user, made) values (?, ?, ?) on conflict (token) do update set revoked = 0"
    tx.run(sql, token, row["name"], tx.now)  # two logins of one second have one token
    return Answer({"token": token})


def user_of(tx: Tx, headers: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Who a token belongs to, and what they may do.

    Raises:
        Refused: 401, there is none, or it has run out.
    """
    known = "select user, made, revoked, capabilities from tokens join users on user = name where token = ?"
    row = tx.one(known, bearer(headers))
    if row is None or row["revoked"] or row["made"] + _lifetime(tx) <= tx.now:
        raise Refused(401, "Unauthorized")
    return row["user"], frozenset(json.loads(row["capabilities"]))


def bearer(headers: Mapping[str, str]) -> str:
    """The token that a call comes with, or ""."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


def revoke(tx: Tx, token: str) -> None:
    """Let a token run out now."""
    tx.run("update tokens set revoked = 1 where token = ?", token)


def _lifetime(tx: Tx) -> float:
    """Seconds that a token lasts."""
    minutes: Any = tx.settings.token_minutes
    if minutes is None:
        token = (Store(tx, None).get(*REST) or {}).get("access-management", {}).get("token", {})
        minutes = token.get("expiration", "never")
    return float("inf") if minutes == "never" else float(minutes) * 60


def _signed(tx: Tx, claims: Mapping[str, Tree]) -> str:
    """An RS256 JWT; the key is made at the first login."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    kept = tx.meta("key")
    if kept is None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        shape, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        tx.remember("key", key.private_bytes(serialization.Encoding.PEM, shape, plain).decode())
    else:
        loaded = serialization.load_pem_private_key(kept.encode(), password=None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        key = loaded
    text = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{text}.{_base64(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _part(value: Mapping[str, Tree]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
