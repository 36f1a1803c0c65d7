"""Sites and their variables, and who changed what: with the audit log's help."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs

from haplan.plugin import Document, Query, Seen, Target, Tree, decode, differences, owned
from haplan_mist.estate import Estate
from haplan_mist.private import Private
from haplan_mist.read import audit
from haplan_mist.read.audit import Entry
from haplan_mist.translate import objects, shared
from haplan_mist.translate.keys import setting_keys

OVERRIDES = ("overrides", "touched")
"""What is remembered of devices themselves."""
TOGETHER = 8
"""Settings that are read at the same time."""


@attrs.define(kw_only=True)
class Look:
    """What one refresh knows about sites.

    Threads: one; made for one read.

    Attributes:
        estate: The lists.
        now: When it began.
        variables: Site id → live variables and vendor keys of its setting.
        anchor: The newest entry of the log, or {}.
        entries: Entries since the last look, oldest first.
        before: Where the log was not read on from an anchor: some of what came before the newest entry.
        unowned: Lines by document.
        notes: Lines for people.
        carried: Sites that were as recorded at the last look, and were not touched since.
    """

    estate: Estate
    now: float
    variables: dict[str, tuple[Mapping[str, Tree], Mapping[str, Tree]]] = attrs.field(factory=dict)
    anchor: Mapping[str, Tree] = attrs.field(factory=dict)
    entries: Sequence[Entry] = ()
    before: Sequence[Entry] = ()
    unowned: dict[Document, tuple[str, ...]] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()
    carried: frozenset[str] = frozenset()

    def site(self, target: Target) -> Seen | None:
        """A site with its variables."""
        wire, by_name = self.estate.find("sites", target.id, target.name)
        if wire is None:
            return None
        site_id = str(wire["id"])
        variables, vendor = self.variables.get(site_id, ({}, {}))
        values = {"name": wire.get("name") or "", **objects.site_values(wire), "variables": dict(variables)}
        sides = (target.values, decode(target.row.values) if target.row else {})
        extra = shared.ours({**objects.vendor_keys("site", wire), **vendor}, *sides)
        if extra:
            values["extra"] = extra
        others = sorted(set(variables) - set(target.values.get("variables") or {}) - set(recorded_variables(target)))
        words = [*(f"variable {name}" for name in others), *shared.in_lists_of_others(vendor, *sides)]
        if words:
            self.unowned[Document("setting", target.name)] = tuple(
                f"{target.name}: {word} is not in the stack" for word in words
            )
        return Seen(
            address=target.address, id=site_id, values=values, private=Private(name=values["name"]).plain(),
            when=float(wire.get("modified_time") or 0), found_by_name=by_name,
        )  # fmt: skip

    def signed(self, targets: Iterable[Target], seen: Mapping[str, Seen]) -> dict[str, Seen]:
        """Say who changed what has drifted; one call, made only if something has and the log was not read."""
        drifted = [t.address for t in targets if t.row is not None and moved(t, seen.get(t.address))]
        there = [address for address in drifted if address in seen]
        if not there:
            return dict(seen)
        own = self.estate.own
        found = audit.authors(self.entries, own)
        strange = {id_ for id_, (who, _) in found.items() if who not in own}
        if not all(_touched(seen[address]) & strange for address in there):
            org = self.estate
            found = audit.authors([*audit.recent(org.client, org.path("logs"), self.now), *self.entries], own)
        signed = dict(seen)
        for address in there:
            known = [found[id_] for id_ in _touched(seen[address]) if id_ in found]
            if known:
                who, when = max(known, key=lambda one: one[1])
                signed[address] = attrs.evolve(seen[address], who=who, when=when)
        return signed

    def remembered(
        self, query: Query, seen: Mapping[str, Seen], overrides: Mapping[str, Tree] | None
    ) -> Mapping[str, Tree]:
        """What the next refresh wants to know: the log's newest entry, the sites that are as recorded, and what is set
        on devices themselves (`haplan_mist.read.overrides`; None if nobody looked)."""
        before = {key: value for key, value in query.memory.items() if overrides is None or key not in OVERRIDES}
        own = {**before, **(overrides or {})}
        if not self.anchor:
            return own
        known = set(self.carried)
        for target in query.targets:
            found = seen.get(target.address)
            if target.type == "site" and found is not None:
                (known.add if same_setting(target, found) else known.discard)(found.id)
        return {**own, "anchor": dict(self.anchor), "known": sorted(known)}


def look(estate: Estate, query: Query, now: float) -> Look:
    """Read what the sites among the targets need."""
    found = Look(estate=estate, now=now)
    wanted = [target for target in query.targets if target.type == "site" and manages_setting(target)]
    ids = {str(wire["id"]): target for target in wanted
           if (wire := estate.find("sites", target.id, target.name)[0]) is not None}  # fmt: skip
    pairs = any(target.type == "cluster" and target.row is not None for target in query.targets)
    if query.max_age <= 0 and query.document is None and (wanted or pairs):
        _consult_log(found, query, ids)
    missing = [site_id for site_id in ids if site_id not in found.variables]
    age = query.max_age if query.max_age > 0 else 1e9
    with ThreadPoolExecutor(TOGETHER) as pool:
        for site_id, setting in pool.map(lambda id_: (id_, estate.setting(id_, age)), missing):
            vendor = {key: value for key, value in setting.items() if key in setting_keys()}
            found.variables[site_id] = (setting.get("vars") or {}, vendor)
    return found


def _moved_on(anchor: Mapping[str, Tree], entries: Sequence[Entry]) -> Mapping[str, Tree]:
    """The anchor behind these entries, which came after it; what it knew of its second stays known in that."""
    if not entries:
        return dict(anchor)
    last = audit.anchor_of(list(reversed(entries)))
    if int(last["at"]) != int(anchor["at"]) or not anchor["id"]:
        return last
    return {**last, "beside": [*last.get("beside", ()), anchor["id"], *anchor.get("beside", ())]}


def manages_setting(target: Target) -> bool:
    """True if the stack or the state says anything about the site's setting."""
    recorded = decode(target.row.values) if target.row else {}
    return any(
        values.get("variables") or set(values.get("extra") or {}) & setting_keys()
        for values in (target.values, recorded)
    )


def _consult_log(found: Look, query: Query, ids: Mapping[str, Target]) -> None:
    """Leave out the settings that nothing has touched; without a log, or with a gap in it, none."""
    estate = found.estate
    client, path = estate.client, estate.path("logs")
    anchor = query.memory.get("anchor") or {}
    entries = audit.since(client, path, anchor) if anchor else None
    if entries is None:
        if anchor:
            found.notes = ("the audit log has a gap since the last refresh: every site setting was read again",)
        found.anchor, found.before = audit.latest(client, path, found.now)
        return
    found.entries = entries
    found.anchor = _moved_on(anchor, entries)
    touched = audit.by_site(entries, ids)
    known = frozenset(query.memory.get("known") or ())
    found.carried = known - audit.by_site(entries, known).keys()
    for site_id, target in ids.items():
        if target.row is None:
            continue
        proven = _proven(target, touched.get(site_id, []), site_id in known)
        if proven is not None:
            vendor = (decode(target.row.values).get("extra") or {}).items()
            found.variables[site_id] = (proven, {key: value for key, value in vendor if key in setting_keys()})


def _proven(target: Target, entries: Sequence[Entry], known: bool) -> Mapping[str, Tree] | None:
    """The site's variables if the log leaves no doubt that they are as recorded, else None."""
    recorded = recorded_variables(target)
    told = [entry for entry in entries if entry.variables is not None]
    if any(entry.opaque or _vendor_touched(entry) for entry in entries):
        return None
    if told:
        live = told[-1].variables or {}
    elif known:
        return recorded
    elif any(entry.creates_site for entry in entries):
        live = {}
    else:
        return None
    return live if all(live.get(name) == value for name, value in recorded.items()) else None


def _vendor_touched(entry: Entry) -> bool:
    if "setting" not in entry.message.lower():
        return False
    return any(set(side) & (setting_keys() - {"vars"}) for side in (entry.before, entry.after) if side is not None)


def recorded_variables(target: Target) -> dict[str, str]:
    """Variables as last written, as text."""
    values = decode(target.row.values) if target.row else {}
    return {name: str(value) for name, value in (values.get("variables") or {}).items()}


def same_setting(target: Target, seen: Seen) -> bool:
    """True if what is recorded of the setting is live; of a site that is not recorded yet, what is wanted."""
    values = decode(target.row.values) if target.row else target.values
    live, vendor = seen.values.get("variables") or {}, seen.values.get("extra") or {}
    mine = {key: value for key, value in (values.get("extra") or {}).items() if key in setting_keys()}
    same = all(live.get(name) == str(value) for name, value in (values.get("variables") or {}).items())
    return same and not any(True for _ in differences(mine, owned(mine, vendor)))


def moved(target: Target, seen: Seen | None) -> bool:
    """True if what is there is not what was recorded, as far as that can be told cheaply."""
    if target.row is None or seen is None or target.row.status != "ok":
        return False
    recorded = {key: value for key, value in decode(target.row.values).items() if key in seen.values}
    return any(True for _ in differences(recorded, owned(recorded, seen.values), frozenset(recorded)))


def _touched(seen: Seen) -> set[str]:
    known = Private.of(seen.private)
    return {seen.id, known.document_id, known.site_id} - {""}
