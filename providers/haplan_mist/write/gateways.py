"""Templates and hub profiles, with the steering and policies that live in them: one write for all of it."""

from collections.abc import Sequence

import attrs

from haplan.plugin import Action, Part, ProviderError, Task, Written
from haplan_mist.estate import TITLES, Object
from haplan_mist.private import Private
from haplan_mist.translate import endpoints, entries, gateway, merge
from haplan_mist.translate.documents import GOING, LISTS, Piece, old_name
from haplan_mist.translate.merge import Wire
from haplan_mist.write.inventory import assign_profile
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import (
    FRESH,
    Sent,
    Writer,
    extras,
    going,
    identified,
    joined,
    live_of,
    main_part,
)


def write_gateway(task: Task, writer: Writer) -> Sent:
    """A template or hub profile and the rules in it: one write."""
    document = task.transaction.document
    kind, part = LISTS[document.kind], main_part(task)
    address = (part or task.parts[0]).change.address
    if part is not None and part.change.action in GOING:
        writer.delete(kind, part.change.id, address)
        return Sent(Written())
    if part is not None and part.placement.part == Piece.RETIRE:
        return _retired(kind, part, writer)
    live = writer.estate.find(kind, "", document.name)[0] if part is None else live_of(part, kind, writer)
    if live is None and part is None:
        raise ProviderError(f'{address}: {TITLES[kind]} "{document.name}" is gone; plan again')
    wanted = _rewritten(live or {}, part, writer, _of_dead_runs(task))
    written = _rules(wanted, task, writer)
    if live is None or (part is not None and part.change.action is Action.REPLACE):
        assert part is not None
        return _made_anew(kind, live, wanted, part, writer, written)
    made, keys = writer.update(kind, live, wanted, address, _entering(live, part))
    own = identified(address, made) if part is not None else Written()
    return Sent(joined(own, written), keys, str(made["id"]))


def _entering(live: Object, part: Part | None) -> list[str]:
    """The words of the entries that a write brings, and that nobody has made there before."""
    if part is None:
        return []
    before, after = (set(entries.words_of(values or {})) for values in (part.change.before, part.change.after))
    return sorted(after - before - {word for word, _ in entries.entries(live)})


def _of_dead_runs(task: Task) -> set[str]:
    """What runs that died were about to bring: nobody recorded it, and it is nobody else's."""
    return {str(word) for key in task.announced for word in key.get("entering") or ()}


def _rewritten(live: Object, part: Part | None, writer: Writer, begun: set[str]) -> Wire:
    if part is None:
        return dict(live)
    change = part.change
    meshes = frozenset(
        str(vpn.get("name")) for vpn in writer.estate.known("vpns").values() if vpn.get("type") == "mesh"
    )
    before = endpoints.completed(change.before or {}, writer.estate.overlay_of)
    after = writer.complete(writer.plain(change.after), change.address)
    out = gateway.rewritten(live, before, after, extras(part, writer), meshes)
    strange = set((change.before or {}).get("unowned") or ()) - set((change.after or {}).get("unowned") or ())
    out = entries.cleared(out, strange | (begun - set(entries.words_of(change.after or {}))))
    out["name"] = change.name
    if change.type == "hub_profile":
        out["type"] = "gateway"
    return out


def _made_anew(kind: str, live: Object | None, wanted: Wire, part: Part, writer: Writer, written: Written) -> Sent:
    change = part.change
    body = {key: value for key, value in wanted.items() if key not in merge.SERVER_KEYS and value not in ({}, [])}
    old = "" if live is None else str(live["id"])
    made = writer.create(kind, body, change.address, beside=old)
    sent = Sent(joined(identified(change.address, made), written), frozenset(), str(made["id"]))
    if not old:
        return sent
    if part.placement.part != Piece.CREATE:
        _repoint(kind, old, str(made["id"]), change.address, writer)
        writer.delete(kind, old, change.address, Step.RETIRE)
    return attrs.evolve(sent, keys=frozenset({"*"}))


def _retired(kind: str, part: Part, writer: Writer) -> Sent:
    old = part.change.previous_id or part.change.id
    new, _ = writer.estate.find(kind, "", part.change.name)
    if new is not None:
        _repoint(kind, old, str(new["id"]), part.change.address, writer)
    writer.delete(kind, old, part.change.address, Step.RETIRE)
    return Sent(Written())


def _repoint(kind: str, old: str, new: str, address: str, writer: Writer) -> None:
    """Whoever carries the old template or profile carries the new one before the old one goes."""
    estate = writer.estate
    if kind == "gatewaytemplates":
        for site in list(estate.items("sites", FRESH).values()):
            if site.get("gatewaytemplate_id") == old:
                writer.update("sites", site, {**site, "gatewaytemplate_id": new}, address)
    else:
        records = estate.items("inventory", FRESH)
        macs = [mac for mac, record in records.items() if record.get("deviceprofile_id") == old]
        if macs:
            assign_profile(writer, new, macs, address)


def _rules(wanted: Wire, task: Task, writer: Writer) -> Written:
    """Write the steering and policies of a task into a document."""
    parts = [part for part in task.parts if part.change.type in ("steering", "policy")]
    if not parts and not task.orders:
        return Written()
    preferences = dict(wanted.get("path_preferences") or {})
    listed = wanted.get("service_policies") or []
    policies: dict[str, Wire] = dict(zip(gateway.policy_names(listed), listed, strict=True))
    for part in parts:
        if part.change.type == "steering":
            _steer(part, preferences, writer)
        else:
            _police(part, policies, writer)
    live = [_renamed(parts, name) for name in gateway.policy_names(listed)]
    order = next((order.after for order in task.orders if order.list in ("policy", "service_policies")), ())
    sequence = [policies[name] for name in gateway.sequenced(live, policies, order)]
    for key, value in (("path_preferences", preferences), ("service_policies", sequence)):
        if value or wanted.get(key):
            wanted[key] = value
    stay = [part.change for part in parts if not going(part)]
    private = {change.address: Private(name=change.name).plain() for change in stay}
    return Written(ids={change.address: change.name for change in stay}, values={}, private=private)


def _renamed(parts: Sequence[Part], name: str) -> str:
    changes = [part.change for part in parts if part.change.type == "policy" and not going(part)]
    return next((change.name for change in changes if change.before is not None and old_name(change) == name), name)


def _steer(part: Part, preferences: dict[str, Wire], writer: Writer) -> None:
    change, old = part.change, old_name(part.change)
    if going(part):
        preferences.pop(old, None)
        return
    live = preferences.pop(old, None) if old != change.name else preferences.get(old)
    after = writer.complete(writer.plain({"extra": extras(part, writer)[1], **(change.after or {})}), change.address)
    before = endpoints.completed(change.before or {}, writer.estate.overlay_of)
    preferences[change.name] = gateway.steered(live, before, after)


def _police(part: Part, policies: dict[str, Wire], writer: Writer) -> None:
    change, old = part.change, old_name(part.change)
    if going(part):
        policies.pop(old, None)
        return
    extra = extras(part, writer)
    live = policies.pop(old, {}) if old != change.name else policies.get(old, {})
    before = gateway.policy_wire(old, change.before, extra[0]) if change.before is not None else {}
    policies[change.name] = merge.merged(live, before, gateway.policy_wire(change.name, change.after or {}, extra[1]))
