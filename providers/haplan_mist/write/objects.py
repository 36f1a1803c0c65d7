"""Overlays, networks, applications, sites and their settings: one call for each document."""

from collections.abc import Mapping, Sequence

import attrs

from haplan.plugin import Action, Part, ProviderError, Task, Tree, Written
from haplan_mist.estate import Estate, Object
from haplan_mist.private import Private, before_us
from haplan_mist.translate import merge, objects, shared
from haplan_mist.translate.documents import GOING, KIND, Piece, paths_of
from haplan_mist.translate.keys import setting_keys
from haplan_mist.translate.merge import Wire
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import FRESH, Sent, Writer, extras, identified, live_of, main_part

JUST = 5.0
"""Seconds that a setting may be old to be written: maps in it are replaced whole, and others write into them too."""

# --- overlays, networks, applications ---


def write_object(task: Task, writer: Writer) -> Sent:
    """An overlay, network or application."""
    hubs = [part for part in task.parts if part.change.type == "hub_profile"]
    sent = write_paths(hubs, task.transaction.document.name, writer) if hubs else Sent(Written())
    parts = [part for part in task.parts if part.change.type in KIND and part not in hubs]
    for part in parts:
        if part.placement.part == Piece.GROW and any(p.placement.part == Piece.SHRINK for p in parts):
            # both in one write
            continue
        one = _one_object(part, writer)
        sent = attrs.evolve(
            sent, id=one.id or sent.id, keys=sent.keys | one.keys,
            written=attrs.evolve(
                sent.written, ids={**sent.written.ids, **one.written.ids},
                values={**sent.written.values, **one.written.values},
                private={**sent.written.private, **one.written.private},
            ),
        )  # fmt: skip
    return sent


def _one_object(part: Part, writer: Writer) -> Sent:
    change, kind = part.change, KIND[part.change.type]
    if change.action in GOING:
        return _let_go(part, change.id, writer, Step.DELETE)
    if part.placement.part == Piece.RETIRE:
        return _let_go(part, change.previous_id or change.id, writer, Step.RETIRE)
    old, new = _sides(part, writer)
    if change.action is Action.REPLACE:
        made = writer.create(kind, {"name": change.name, **new}, change.address, beside=change.previous_id or change.id)
        if part.placement.part == Piece.WHOLE:
            _let_go(part, change.previous_id or change.id, writer, Step.RETIRE)
        return Sent(identified(change.address, made), frozenset({"*"}), str(made["id"]))
    live = live_of(part, kind, writer)
    if live is None:
        made = writer.create(kind, {"name": change.name, **new}, change.address)
        return Sent(identified(change.address, made), frozenset(), str(made["id"]))
    wanted = {**merge.merged(live, old, new), "name": change.name}
    if change.type in shared.MAPS and shared.MAPS[change.type][0] in merge.body(live, wanted):
        live = writer.now(kind, live, change.address) or live
        wanted = {**merge.merged(live, old, new), "name": change.name}
    made, keys = writer.update(kind, live, wanted, change.address)
    return Sent(identified(change.address, made), keys, str(made["id"]))


def _let_go(part: Part, id_: str, writer: Writer, step: Step) -> Sent:
    """Delete an object; where others have entries in it, only ours are taken out."""
    change, kind = part.change, KIND[part.change.type]
    before = change.before or {}
    live = writer.estate.items(kind).get(id_) if change.type in shared.MAPS else None
    live = live and writer.now(kind, live, change.address)
    if live is None or not shared.of_others(change.type, live, before):
        writer.delete(kind, id_, change.address, step)
        return Sent(Written())
    _, keys = writer.update(kind, live, shared.without_ours(change.type, live, before), change.address)
    return Sent(Written(), keys, id_)


def write_paths(parts: Sequence[Part], name: str, writer: Writer) -> Sent:
    """The endpoints of hub profiles, in an overlay that the stack does not make.

    Raises:
        ProviderError: The overlay is not there.
    """
    address = parts[0].change.address
    known, _ = writer.estate.find("vpns", "", name)
    live = known and writer.now("vpns", known, address)
    if live is None:
        raise ProviderError(f'{address}: overlay "{name}" is gone; plan again')
    paths = dict(live.get("paths") or {})
    for part in parts:
        before, after = ({end for overlay, end in paths_of(side) if overlay == name}
                         for side in (part.change.before, part.change.after))  # fmt: skip
        if part.placement.part == Piece.GROW:
            paths |= {end: {} for end in sorted(after) if end not in paths}
        else:
            paths = {end: path for end, path in paths.items() if end in after or end not in before}
    made, keys = writer.update("vpns", live, {**live, "paths": paths}, address)
    return Sent(Written(), keys, str(made["id"]))


def _sides(part: Part, writer: Writer) -> tuple[Wire, Wire]:
    change = part.change
    wire = objects.WIRE[change.type]
    before, after = dict(change.before or {}), writer.plain(change.after)
    if part.placement.part == Piece.GROW:
        after["endpoints"] = sorted({*(before.get("endpoints") or ()), *(after.get("endpoints") or ())})
    extra = extras(part, writer)
    old = merge.overlaid(wire(before), extra[0]) if change.before is not None else {}
    return old, merge.overlaid(wire(after), extra[1])


# --- sites ---


def write_site(task: Task, writer: Writer) -> Sent:
    """A site object: its own fields, and the template that clusters bind to it."""
    part = main_part(task)
    if part is not None and part.change.action in GOING:
        return _leave_site(part, writer)
    binding, private = _binding(task, writer)
    name = task.transaction.document.name
    live = writer.estate.find("sites", "", name)[0] if part is None else live_of(part, "sites", writer)
    if live is None and part is None:
        raise ProviderError(f'{task.parts[0].change.address}: site "{name}" is gone; plan again')
    if live is None:
        assert part is not None
        body = {"name": part.change.name, **_site_wires(part, writer)[1], **binding}
        made = writer.create("sites", body, part.change.address)
        writer.estate.keep_setting(str(made["id"]), {})
        return Sent(_with_private(identified(part.change.address, made), private), frozenset(), str(made["id"]))
    wanted: Wire = {**live, **binding}
    if part is not None:
        old, new = _site_wires(part, writer)
        wanted = {**shared.rewritten(live, old, new), "name": part.change.name, **binding}
    made, keys = writer.update("sites", live, wanted, task.parts[0].change.address)
    written = identified(part.change.address, made) if part is not None else Written()
    return Sent(_with_private(written, private), keys, str(made["id"]))


def _leave_site(part: Part, writer: Writer) -> Sent:
    """Delete a site; where others have variables or servers in it, only ours are taken out.

    Raises:
        ProviderError: A pair of others is in it.
    """
    change, estate = part.change, writer.estate
    pairs = [mac for mac, box in estate.items("inventory", FRESH).items()
             if box.get("site_id") == change.id and box.get("vc_mac")]  # fmt: skip
    if pairs:
        hint = f'take it out of the site first, or leave the site: removed("{change.address}", destroy=False)'
        raise ProviderError(f"{change.address}: a pair of others is in this site ({', '.join(sorted(pairs))}): {hint}")
    live = estate.setting(change.id, JUST) if change.id in estate.items("sites", FRESH) else {}
    if not shared.in_setting_of_others(live, change.before):
        writer.delete("sites", change.id, change.address)
        return Sent(Written())
    body = merge.body(live, shared.left(live, _setting(change.before), _setting(before_us(change.private))))
    if body:
        writer.io.about_to(Step.VARIABLES, change.address, {"kind": "setting", "id": change.id}, idempotent=True)
        answer = writer.put(f"/sites/{change.id}/setting", body, change.address)
        estate.keep_setting(change.id, answer if isinstance(answer, dict) else merge.applied(live, body))
    return Sent(Written(), frozenset(body), change.id)


def _site_wires(part: Part, writer: Writer) -> tuple[Wire, Wire]:
    old, new = (
        {key: value for key, value in extra.items() if key not in setting_keys()} for extra in extras(part, writer)
    )  # fmt: skip
    before = part.change.before
    return (
        {**objects.site_wire(before), **old} if before is not None else {},
        {**objects.site_wire(writer.plain(part.change.after)), **new},
    )


def _with_private(written: Written, private: Mapping[str, Mapping[str, Tree]]) -> Written:
    return attrs.evolve(written, private={**written.private, **private})


def _binding(task: Task, writer: Writer) -> tuple[Wire, dict[str, Mapping[str, Tree]]]:
    """`gatewaytemplate_id` as the clusters of this site want it, and the template that was there before."""
    estate = writer.estate
    private: dict[str, Mapping[str, Tree]] = {}
    out: Wire = {}
    site, _ = estate.find("sites", "", task.transaction.document.name)
    now = (site or {}).get("gatewaytemplate_id")
    for part in task.parts:
        if part.placement.part == Piece.UNBIND and "gatewaytemplate_id" not in out:
            if not _others(part, site, estate):
                out["gatewaytemplate_id"] = _prior(part, estate)
        elif part.placement.part == Piece.BIND:
            template = str((part.change.after or {}).get("template") or "")
            wire, _ = estate.find("gatewaytemplates", "", template)
            if wire is None:
                raise ProviderError(f'{part.change.address}: WAN edge template "{template}" is not there; plan again')
            out["gatewaytemplate_id"] = wire["id"]
            known, found = Private.at(part), now if now != wire["id"] else None
            prior = known.prior_template if known.noted else found
            private[part.change.address] = Private(noted=True, prior_template=prior).plain()
    return out, private


def _prior(part: Part, estate: Estate) -> str | None:
    prior = Private.at(part).prior_template
    return str(prior) if prior and prior in estate.items("gatewaytemplates") else None


def _others(part: Part, site: Object | None, estate: Estate) -> bool:
    """True if the site keeps WAN edges that are not of this cluster: they need their template."""
    mine = set((part.change.before or {}).get("nodes") or {})
    return any(
        record.get("site_id") == (site or {}).get("id") and mac not in mine
        for mac, record in estate.items("inventory", FRESH).items()
        if site is not None
    )


def write_setting(task: Task, writer: Writer) -> Sent:
    """A site's variables and vendor keys, merged into its setting."""
    part = next(part for part in task.parts if part.change.type == "site")
    change, estate = part.change, writer.estate
    if change.action in GOING:  # the setting goes with its site
        return Sent(Written())
    site, _ = estate.find("sites", part.seen.id if part.seen else change.id, change.name)
    if site is None:
        raise ProviderError(f'{change.address}: site "{change.name}" is gone; plan again')
    site_id = str(site["id"])
    live = estate.setting(site_id, JUST)
    after = writer.plain({**(change.after or {}), "extra": (change.after or {}).get("extra", change.extra)})
    old, new = _setting(change.before), _setting(after)
    body = merge.body(live, shared.rewritten(live, old, new))
    if not body and writer.again and live.get("vars"):
        body = {"vars": live["vars"]}
    if not body:
        return Sent(Written(), id=site_id)
    writer.io.about_to(Step.VARIABLES, change.address, {"kind": "setting", "id": site_id}, idempotent=True)
    answer = writer.put(f"/sites/{site_id}/setting", body, change.address)
    estate.keep_setting(site_id, answer if isinstance(answer, dict) else merge.applied(live, body))
    return Sent(Written(), frozenset(key.removeprefix("-") for key in body), site_id)


def _setting(values: Mapping[str, Tree] | None) -> Wire:
    """What values say of the setting of a site."""
    known = values or {}
    return {"vars": objects.variables_wire(known.get("variables") or {}), **_of_setting(known.get("extra") or {})}


def _of_setting(extra: Mapping[str, Tree]) -> Wire:
    return {key: value for key, value in extra.items() if key in setting_keys()}
