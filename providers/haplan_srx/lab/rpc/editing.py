"""RPCs that read and change configurations."""

import re
from collections.abc import Iterable

from haplan_srx.lab.chassis import boxes
from haplan_srx.lab.config import candidates, commits, groups, setlines, text, tree
from haplan_srx.lab.config.compare import compare
from haplan_srx.lab.config.loading import Loader, override
from haplan_srx.lab.config.tree import Element, Trouble, tag_of
from haplan_srx.lab.netconf.wire import Call, Refused, Table, block, tag
from haplan_srx.translate.scrambled import UNREADABLE, scrambled

TABLE = Table()
SCRAMBLED = UNREADABLE - {"encrypted-password"}
"""Leaves whose value can be turned back; a password of a user is hashed."""


# --- Reading ----------------------------------------------------------------------------------------------------------


@TABLE.rpc("get-config")
def get_config(call: Call) -> str:
    """The standard read: running or candidate, whole or by subtree filter."""
    source = next((tag_of(one) for one in call.op.iterfind("source/*")), "")
    if source not in ("running", "candidate"):
        raise Refused(Trouble(message="syntax error", bad=source or "source"))
    wanted = call.op.find("filter")
    if wanted is not None and wanted.get("type") not in (None, "subtree"):
        raise Refused(Trouble(message="filter type not supported", bad=wanted.get("type") or ""))
    inner = None if wanted is None else wanted.find("configuration")
    config = boxes.running(call.tx, call.box) if source == "running" else candidates.current(call)
    nothing = wanted is not None and inner is None  # a filter that names no configuration
    chosen = tree.empty() if nothing else tree.select(config, inner)
    return call.voice.data(call.voice.configuration(chosen, _about(call, source == "running")))


@TABLE.rpc("get")
def get(call: Call) -> str:
    """The standard read of all that is there: here the running configuration, as a box without state models tells."""
    wanted = call.op.find("filter")
    inner = None if wanted is None else wanted.find("configuration")
    config = boxes.running(call.tx, call.box)
    chosen = tree.empty() if wanted is not None and inner is None else tree.select(config, inner)
    return call.voice.data(call.voice.configuration(chosen, _about(call, True)))


@TABLE.rpc("copy-config")
def copy_config(call: Call) -> str:
    """The candidate becomes what runs, or what is given."""
    commits.refuse_on_secondary(call)
    if call.op.find("target/candidate") is None:
        target = next((tag_of(one) for one in call.op.iterfind("target/*")), "target")
        raise Refused(Trouble(message="syntax error", bad=target, tag="operation-not-supported"))
    config = candidates.edit(call)
    given, loader = call.op.find("source/config/configuration"), Loader(replaces=True)
    if given is None and call.op.find("source/running") is None:
        raise Refused(Trouble(message="syntax error", bad="source"))
    if given is None:
        config = boxes.running(call.tx, call.box)
    else:
        override(config, given, loader)
        tree.tidy(config)
        _hide(config)
    if any(not one.warning for one in loader.troubles):
        return call.voice.troubles(loader.troubles)
    candidates.save(call, config)
    return call.voice.troubles(loader.troubles) + call.voice.ok


@TABLE.rpc("get-configuration")
def get_configuration(call: Call) -> str:
    """Junos' own read: other formats, inheritance, and comparison with an older one."""
    op = call.op
    if op.get("compare"):
        return _compare(call)
    _only(map(str, op.attrib), "database", "format", "inherit", "groups", "changed", "commit-scripts")
    database = op.get("database", "candidate")
    if database not in ("candidate", "committed"):
        raise Refused(Trouble(message="syntax error", bad=database))
    config = boxes.running(call.tx, call.box) if database == "committed" else candidates.current(call)
    if op.get("inherit") in ("inherit", "defaults"):
        mark = f"{{{call.voice.junos}}}group" if op.get("groups") == "groups" else ""
        config = groups.effective(config, boxes.node_name(call.box), mark)
    chosen = tree.select(config, op.find("configuration"))
    match op.get("format", "xml"):
        case "xml":
            return call.voice.configuration(chosen, _about(call, database == "committed"))
        case "text":
            return tag("configuration-text", "\n" + text.write(chosen))
        case "set":
            return tag("configuration-set", "\n" + "".join(f"{line}\n" for line in setlines.lines(chosen)))
        case other:
            raise Refused(Trouble(message=f"the simulator does not write configurations as {other}", bad=other))


def _only(given: Iterable[str], *known: str) -> None:
    for name in given:
        if name not in known:
            raise Refused(Trouble(message="syntax error", bad=name))


def _about(call: Call, committed: bool) -> dict[str, str]:
    last = commits.history(call.tx, call.box["db"])[0]
    if committed:
        about = {"commit-seconds": str(int(last["at"])), "commit-localtime": candidates.stamp(last["at"])}
        return {**about, "commit-user": last["user"]}
    changed = candidates.database(call.tx, call.box)["candidate_at"] or last["at"]
    return {"changed-seconds": str(int(changed)), "changed-localtime": candidates.stamp(changed)}


def _compare(call: Call) -> str:
    op = call.op
    _only(map(str, op.attrib), "compare", "rollback", "format", "use-fast-diff", "database", "configuration-revision")
    if op.get("compare") != "rollback" or op.get("format", "text") not in ("text", "xml"):
        raise Refused(Trouble(message="syntax error", bad=op.get("compare") or ""))
    if op.get("format") == "xml":
        raise Refused(Trouble(message="the simulator compares as text only", bad="xml"))
    number = op.get("rollback", "0")
    if not number.isdigit():
        raise Refused(Trouble(message="syntax error", bad=number))
    old = commits.rollback(call.tx, call.box["db"], int(number))
    new = boxes.running(call.tx, call.box) if op.get("database") == "committed" else candidates.current(call)
    return block("configuration-information", tag("configuration-output", compare(old, new)))


# --- Changing ---------------------------------------------------------------------------------------------------------


@TABLE.rpc("load-configuration")
def load_configuration(call: Call) -> str:
    """Work a load into the candidate; what was wrong is told beside what was taken."""
    commits.refuse_on_secondary(call)
    config = candidates.edit(call)
    op = call.op
    if op.get("url"):
        raise Refused(Trouble(message="the simulator does not fetch configurations", bad="url"))
    if op.get("rescue"):
        config, troubles = _rescue(call), list[Trouble]()
    elif op.get("rollback") is not None:
        number = op.get("rollback", "")
        if not number.isdigit():
            raise Refused(Trouble(message="syntax error", bad=number))
        config, troubles = commits.rollback(call.tx, call.box["db"], int(number)), []
    else:
        troubles = _load(call, config)
        tree.tidy(config)
    _hide(config)
    candidates.save(call, config)
    errors = [one for one in troubles if not one.warning]
    said = call.voice.troubles(troubles)
    if errors:
        return block("load-configuration-results", said + tag("load-error-count", len(errors)))
    return block("load-configuration-results", said + call.voice.ok)


def _hide(config: Element) -> None:
    """Secrets are kept, and told, scrambled: nobody reads one as it was typed."""
    for element in config.iter(*SCRAMBLED):
        if element.text and not element.text.startswith("$"):
            element.text = scrambled(element.text)


def _rescue(call: Call) -> Element:
    found = candidates.database(call.tx, call.box)["rescue"]
    if found is None:
        raise Refused(Trouble(message="rescue configuration is not available", bad="rescue"))
    return call.tx.config(found)


def _load(call: Call, config: Element) -> list[Trouble]:
    op = call.op
    action, form = op.get("action", "merge"), op.get("format", "xml")
    if action not in ("merge", "replace", "override", "update", "set"):
        raise Refused(
            Trouble(message="syntax error" if action != "patch" else "the simulator does not load patches", bad=action)
        )
    if action == "set":
        lines = op.find("configuration-set")
        if lines is None or form not in ("text", "xml"):
            raise Refused(Trouble(message="missing argument", bad="configuration-set", tag="missing-element"))
        return setlines.load(config, lines.text or "")
    source, troubles = _source(op, form)
    loader = Loader(replaces=action == "replace" or call.tx.settings.replace_in_merge)
    if action in ("override", "update"):
        override(config, source, loader)
    else:
        loader.apply(config, source)
    return troubles + loader.troubles


def _source(op: Element, form: str) -> tuple[Element, list[Trouble]]:
    if form == "text":
        body = op.find("configuration-text")
        if body is None:
            raise Refused(Trouble(message="missing argument", bad="configuration-text", tag="missing-element"))
        return text.parse(body.text or "")
    if form != "xml":
        raise Refused(Trouble(message=f"the simulator does not read configurations as {form}", bad=form))
    config = op.find("configuration")
    if config is None:
        raise Refused(Trouble(message="missing argument", bad="configuration", tag="missing-element"))
    return config, []


@TABLE.rpc("edit-config")
def edit_config(call: Call) -> str:
    """The standard edit of the candidate."""
    op = call.op
    commits.refuse_on_secondary(call)
    if op.find("target/candidate") is None:
        target = next((tag_of(one) for one in op.iterfind("target/*")), "target")
        raise Refused(Trouble(message="syntax error", bad=target, tag="operation-not-supported"))
    default = call.text("default-operation", "merge")
    if default not in ("merge", "replace", "none") or call.text("error-option") == "rollback-on-error":
        raise Refused(Trouble(message="syntax error", bad=call.text("error-option") or default))
    config = candidates.edit(call)
    source = op.find("config/configuration")
    lines = op.find("config-text/configuration-text")
    troubles = list[Trouble]()
    if source is None and lines is not None:
        source, troubles = text.parse(lines.text or "")
    if source is None:
        raise Refused(Trouble(message="missing argument", bad="config", tag="missing-element"))
    loader = Loader(default=default, replaces=True, strict=True)  # type: ignore[arg-type]  # looked at above
    loader.apply(config, source)
    tree.tidy(config)
    _hide(config)
    candidates.save(call, config)
    troubles += loader.troubles
    if any(not one.warning for one in troubles):
        return call.voice.troubles(troubles)
    return call.voice.troubles(troubles) + call.voice.ok


@TABLE.rpc("rollback-config")
def rollback_config(call: Call) -> str:
    """The operational form of loading an older configuration."""
    commits.refuse_on_secondary(call)
    candidates.edit(call)
    if call.has("rescue"):
        candidates.save(call, _rescue(call))
    else:
        number = call.text("index", "0")
        if not re.fullmatch(r"\d+", number):
            raise Refused(Trouble(message="syntax error", bad=number))
        candidates.save(call, commits.rollback(call.tx, call.box["db"], int(number)))
    return block("rollback-config-results", tag("rollback-success"))


@TABLE.rpc("discard-changes")
def discard_changes(call: Call) -> str:
    """The candidate is what is running."""
    candidates.edit(call)
    candidates.save(call, boxes.running(call.tx, call.box))
    return call.voice.ok


# --- Locks ------------------------------------------------------------------------------------------------------------


@TABLE.rpc("lock", "lock-configuration")
def lock(call: Call) -> str:
    """Take the candidate for this session alone."""
    _target(call, "candidate")
    commits.refuse_on_secondary(call)
    candidates.lock(call)
    return call.voice.ok


@TABLE.rpc("unlock", "unlock-configuration")
def unlock(call: Call) -> str:
    """Give it back."""
    _target(call, "candidate")
    candidates.unlock(call)
    return call.voice.ok


def _target(call: Call, name: str) -> None:
    if call.name in ("lock", "unlock") and call.op.find(f"target/{name}") is None:
        target = next((tag_of(one) for one in call.op.iterfind("target/*")), "target")
        raise Refused(Trouble(message="syntax error", bad=target, tag="operation-not-supported"))


@TABLE.rpc("open-configuration")
def open_configuration(call: Call) -> str:
    """Private or exclusive editing."""
    commits.refuse_on_secondary(call)
    kind = next((tag_of(one) for one in call.op), "")
    if kind == "exclusive":
        candidates.lock(call)
        return call.voice.ok
    if kind != "private":
        raise Refused(Trouble(message=f"the simulator does not open configurations {kind}".rstrip(), bad=kind))
    candidates.open_private(call)
    return (
        call.voice.trouble(Trouble(message="uncommitted changes will be discarded on exit", warning=True))
        + call.voice.ok
    )


@TABLE.rpc("close-configuration")
def close_configuration(call: Call) -> str:
    """End editing."""
    candidates.close(call.tx, call.session)
    return call.voice.ok


@TABLE.rpc("get-configuration-database-status")
def database_status(call: Call) -> str:
    """Who edits now."""
    entries = []
    for one in candidates.editors(call.tx, call.box):
        parts = [tag("user", one["user"]), tag("terminal", "netconf"), tag("pid", one["id"])]
        parts.append(tag("start-time", candidates.stamp(one["since"]), junos__seconds=str(int(one["since"]))))
        if one["mode"] == "exclusive":
            parts.append(tag("exclusive"))
        parts.append(tag("edit-path", "[edit]"))
        entries.append(block("database-status", parts))
    return block("database-status-information", entries)
