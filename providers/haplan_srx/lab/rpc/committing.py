"""RPCs that commit, and that tell what was committed."""

import re

from haplan_srx.lab.chassis import boxes, cluster
from haplan_srx.lab.config import candidates, commits
from haplan_srx.lab.config.commits import Order
from haplan_srx.lab.config.tree import Trouble, tag_of
from haplan_srx.lab.netconf.wire import Call, Refused, Table, block, tag

TABLE = Table()


@TABLE.rpc("commit-configuration")
def commit_configuration(call: Call) -> str:
    """Junos' own commit: check, log, confirmed for minutes, synchronised."""
    known = ("check", "log", "confirmed", "confirm-timeout", "synchronize", "force-synchronize", "full")
    for child in call.op:
        if tag_of(child) not in known:
            raise Refused(Trouble(message="syntax error", bad=tag_of(child)))
    return carry_out(call, order_of(call))


@TABLE.rpc("commit")
def commit(call: Call) -> str:
    """The standard commit; its time is in seconds."""
    for child in call.op:
        if tag_of(child) not in ("confirmed", "confirm-timeout"):
            raise Refused(Trouble(message="syntax error", bad=tag_of(child)))
    commits.commit(call, order_of(call))
    return call.voice.ok


def order_of(call: Call) -> Order:
    """What a commit RPC asks for."""
    if call.name == "commit":
        return Order(minutes=_time(call, 600) / 60 if call.has("confirmed") else None)
    log = call.text("log")
    if "\n" in log:
        raise Refused(Trouble(message="log must be one line", bad="log"))
    return Order(call.has("check"), log, _time(call, 10) if call.has("confirmed") else None)


def _time(call: Call, default: int) -> int:
    given = call.text("confirm-timeout", str(default))
    if not re.fullmatch(r"\d+", given) or not 1 <= int(given) <= 65535:
        raise Refused(Trouble(message=f"Value {given} is not within range (1..65535)", bad=given))
    return int(given)


def carry_out(call: Call, order: Order) -> str:
    """Commit or check, and tell what each node did."""
    private = call.session["mode"] == "private"
    try:
        commits.commit(call, order)
    except Refused as refused:
        said = call.voice.troubles(refused.troubles)
        if refused.troubles[-1].message == "configuration check-out failed":
            return block("commit-results", _engine(boxes.node_name(call.box), said) if call.box["cluster"] else said)
        return said
    loaded = tag("load-success") if private else ""
    results, warnings = _results(call, order)
    return block("commit-results", loaded + results) + warnings + call.voice.ok


def _results(call: Call, order: Order) -> tuple[str, str]:
    done = "commit-check-success" if order.check else "commit-success"
    if not call.box["cluster"]:
        return ("" if order.check else _engine("re0", tag(done))), ""
    here, members = boxes.node_name(call.box), cluster.nodes(call.tx, call.box)
    others = [node for node in members if f"node{node}" != here]
    there = [node for node in others if boxes.is_up(call.tx, members[node])]
    if order.check:
        return "".join(_engine(name, tag(done)) for name in (here, *(f"node{node}" for node in there))), ""
    said = _engine(here, tag("commit-check-success")) if there else ""
    said += "".join(_engine(f"node{node}", tag(done)) for node in there) + _engine(here, tag(done))
    gone = Trouble(message="could not connect to the other node; committed on this node only", warning=True)
    return said, "" if there else call.voice.trouble(gone)


def _engine(name: str, said: str) -> str:
    style = "normal" if name == "re0" else "show-name"
    return block("routing-engine", tag("name", name) + said, junos__style=style)


@TABLE.rpc("validate")
def validate(call: Call) -> str:
    """The standard check of the candidate; of a cluster that is `rfc-compliant` the answer lacks an end tag."""
    if call.op.find("source/candidate") is None:
        raise Refused(Trouble(message="syntax error", bad="source"))
    commits.commit(call, Order(check=True))
    if not call.box["cluster"]:
        return block("commit-results", "") + call.voice.ok
    malformed = call.voice.rfc and call.tx.settings.malformed_validate
    members = cluster.nodes(call.tx, call.box)
    name = f"node{max(node for node, one in members.items() if boxes.is_up(call.tx, one))}"
    results = _engine(name, tag("commit-check-success"))
    return (results.replace("</routing-engine>\n", "") if malformed else results) + call.voice.ok


@TABLE.rpc("get-commit-information")
def commit_information(call: Call) -> str:
    """The history, the newest first."""
    entries = []
    for number, one in enumerate(commits.history(call.tx, call.box["db"])):
        parts = [tag("sequence-number", number), tag("user", one["user"]), tag("client", one["client"])]
        parts.append(tag("date-time", candidates.stamp(one["at"]), junos__seconds=str(int(one["at"]))))
        if one["confirmed"] is not None:
            minutes = -(-one["confirmed"] // 60)
            parts.append(tag("commit-confirmed", f"commit confirmed, rollback in {minutes}mins"))
        if one["log"]:
            parts.append(tag("log", one["log"]))
        if call.has("include-configuration-revision"):
            parts.append(tag("configuration-revision", f"re0-{int(one['at'])}-{one['seq']}"))
        entries.append(block("commit-history", parts))
    return block("commit-information", entries)


@TABLE.rpc("request-save-rescue-configuration")
def save_rescue(call: Call) -> str:
    """Keep what is running for bad days."""
    row = candidates.database(call.tx, call.box)
    call.tx.run("update dbs set rescue = ? where id = ?", row["running"], row["id"])
    return block("rescue-management-results", block("routing-engine", tag("name", "re0") + tag("success")))
