"""The router of every box: one RPC, one transaction.

What happens to an RPC: time is brought to the present, the box must be there and the session still be one, a fault may
strike, the handler works. All of it is committed together, before a byte of the answer leaves.
"""

import contextlib
import fnmatch
import sqlite3

from lxml import etree

from haplan.plugin import Tree
from haplan_srx.lab.chassis import boxes, power
from haplan_srx.lab.config import candidates, commits
from haplan_srx.lab.config.tree import Element, Trouble, tag_of
from haplan_srx.lab.estate import Estate, Tx, next_mishap
from haplan_srx.lab.netconf.wire import BASE_1_1, Call, Hangup, Refused, Table, Voice, hello, parse
from haplan_srx.lab.rpc import committing, editing, facts, operating, protecting, showing

DEFAULT_LIMIT = 75
"""Sessions at once, unless `connection-limit` says otherwise."""


def table() -> Table:
    """Everything the simulator answers."""
    made = Table()
    for module in (editing, committing, facts, showing, operating, protecting):
        made.include(module.TABLE)
    return made


class Half(str):
    """The first half of a reply, framed as if it were whole."""

    def __new__(cls, whole: str) -> "Half":
        return super().__new__(cls, whole[: len(whole) // 2])


class Cut(Half):
    """The first half of a reply; the connection ends in the middle of it."""


class Router:
    """Lets sessions in, works on their RPCs, and sees them out."""

    def __init__(self, estate: Estate, server: str) -> None:
        self._estate, self._server, self._table = estate, server, table()

    def greet(self, mac: str, user: str) -> tuple[int, str, bool] | None:
        """Begin a session: its number, the hello, whether chunks are offered. None if there is nobody to talk to."""
        with self._estate.write() as tx:
            power.settle(tx)
            answering = boxes.answering(tx, tx.box(mac))
            if answering is None:
                return None
            config = boxes.effective(tx, tx.box(answering))
            limit = int(config.findtext("system/services/netconf/ssh/connection-limit") or DEFAULT_LIMIT)
            candidates.drop_dead(tx)
            if len(tx.all("select 1 from sessions where mac = ?", answering)) >= limit:
                return None
            number = tx.insert(
                "insert into sessions (server, mac, user, since, used) values (?, ?, ?, ?, ?)",
                self._server, answering, user, tx.now, tx.now,
            )  # fmt: skip
            chunks = config.find("system/services/netconf/version-1.1") is not None
            return number, hello(number, user, chunks), chunks

    def reachable(self, mac: str) -> bool:
        """Whether a connection to the address of a box is taken at all."""
        with self._estate.write() as tx:
            power.settle(tx)
            return boxes.answering(tx, tx.box(mac)) is not None

    def password(self, user: str) -> str | None:
        with self._estate.read() as tx:
            row = tx.one("select password from users where name = ?", user)
            return None if row is None else str(row["password"])

    def leave(self, session: int) -> None:
        """A session is over."""
        with self._estate.write() as tx:
            power.settle(tx)
            row = tx.one("select * from sessions where id = ?", session)
            if row is None:
                return
            candidates.end(tx, row)
            pending = tx.one("select * from dbs where id = ? and deadline is not null", tx.box(row["mac"])["db"])
            if tx.settings.session_end_reverts and pending is not None and _made(tx, pending["id"]) == session:
                commits.revert(tx, pending["id"], tx.now)

    def answer(self, session: int, message: bytes) -> tuple[str | None, bool]:
        """The reply to one message, and whether the session goes on; no reply if the connection just ends."""
        with self._estate.write() as tx:
            try:
                return self._exchange(tx, session, message)
            except Hangup:
                return None, False

    def _exchange(self, tx: Tx, session: int, message: bytes) -> tuple[str | None, bool]:
        power.settle(tx)
        row = tx.one("select * from sessions where id = ?", session)
        if row is None or not _still_reached(tx, row):
            return None, False
        box = tx.box(row["mac"])
        voice = Voice(
            boxes.effective(tx, box).find("system/services/netconf/rfc-compliant") is not None, box["version"]
        )
        tx.run("update sessions set used = ? where id = ?", tx.now, session)
        try:
            rpc = parse(message)
        except etree.XMLSyntaxError:
            return voice.reply({}, voice.trouble(Trouble(message="syntax error", tag="malformed-message"))), True
        if tag_of(rpc) != "rpc" or len(rpc) == 0:
            bad = Trouble(message="syntax error", bad=tag_of(rpc) if tag_of(rpc) != "rpc" else "rpc")
            return voice.reply(dict(rpc.attrib), voice.trouble(bad)), True
        op = rpc[0]
        body, result, spoilt = self._work(Call(tx=tx, box=box, session=row, op=op, voice=voice))
        tx.run(
            "insert into requests (at, mac, session, rpc, result) values (?, ?, ?, ?, ?)",
            tx.now, box["mac"], session, tag_of(op), result,
        )  # fmt: skip
        reply = voice.reply(dict(rpc.attrib), body)
        return spoilt(reply) if spoilt else reply, tag_of(op) != "close-session"

    def _work(self, call: Call) -> tuple[str, str, type["Half"] | None]:
        """The body of the reply, a word for the log, and what becomes of the reply on its way."""
        fault = _fault(call)
        if fault and fault["drop"] == "before":
            raise Hangup
        if fault and fault["delay"]:
            call.tx.let_pass(fault["delay"])
            power.settle(call.tx)
        if fault and fault["outlives"] is not None:
            _let_outlive(call, fault["outlives"])
        trouble = Trouble(message=fault["error"], tag=fault["tag"]) if fault and fault["error"] else None
        if fault and trouble and not fault["stored"]:
            return call.voice.trouble(trouble), "fault", None
        body, result = self._handled(call)
        if fault and fault["drop"] == "after":
            raise Hangup
        if trouble:
            return call.voice.trouble(trouble), "fault", None
        if fault and fault["warning"]:
            body = call.voice.trouble(Trouble(message=fault["warning"], warning=True)) + body
        cut = fault is not None and fault["drop"] == "middle"
        return body, result, Cut if cut else Half if fault and fault["garbled"] else None

    def _handled(self, call: Call) -> tuple[str, str]:
        """A refused RPC leaves nothing behind."""
        call.tx.run("savepoint work")
        try:
            body, result = self._handle(call), "ok"
        except Refused as refused:
            call.tx.run("rollback to work")
            body, result = call.voice.troubles(refused.troubles), refused.troubles[0].message
        call.tx.run("release work")
        return body, result

    def _handle(self, call: Call) -> str:
        if call.name == "close-session":
            return call.voice.ok
        if call.name == "kill-session":
            return _kill(call)
        if call.name == "command":
            call = operating.spelled(call)
        handler = self._table.find(call.name)
        if handler is None:
            raise Refused(Trouble(message="syntax error", bad=call.name))
        seconds = call.tx.settings.commit_seconds
        if seconds and call.name in ("commit", "commit-configuration"):
            call.tx.let_pass(seconds)
        return handler(call)


def _still_reached(tx: Tx, session: sqlite3.Row) -> bool:
    """Whether the way to the box still carries: a commit may have cut it."""
    box = tx.box(session["mac"])
    if not boxes.is_up(tx, box):
        return False
    other = boxes.peer(tx, box)
    return any(boxes.answering(tx, one) == box["mac"] for one in (box, other) if one is not None)


def _fault(call: Call) -> dict[str, Tree] | None:
    return next_mishap(call.tx, "fault", call.box, lambda spec: fnmatch.fnmatchcase(call.name, spec["on"]))


def _let_outlive(call: Call, seconds: float) -> None:
    """The session ends at once; a commit that nothing speaks against goes on."""
    if call.name in ("commit", "commit-configuration"):
        with contextlib.suppress(Refused):
            order = committing.order_of(call)
            if not order.check:
                commits.outlive(call, order, seconds)
    raise Hangup


def _kill(call: Call) -> str:
    number = call.text("session-id")
    row = call.tx.one("select * from sessions where id = ?", number) if number.isdigit() else None
    if row is None or row["id"] == call.session["id"]:
        raise Refused(Trouble(message="invalid session-id", bad=number, tag="invalid-value"))
    candidates.end(call.tx, row)
    return call.voice.ok


def _made(tx: Tx, db: int) -> int | None:
    """The session whose commit is waiting to be confirmed."""
    number: int | None = commits.history(tx, db)[0]["session"]
    return number


def client_speaks_chunks(message: bytes) -> bool:
    """Whether a client's hello offers base:1.1."""
    try:
        found: Element = parse(message)
    except etree.XMLSyntaxError:
        return False
    return any((one.text or "").strip() == BASE_1_1 for one in found.iter("capability"))


def is_hello(message: bytes) -> bool:
    try:
        return bool(parse(message).tag == "hello")
    except etree.XMLSyntaxError:
        return False
