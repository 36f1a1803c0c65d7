"""Writing what is owned into what is there: everything else stays.

A PUT merges at the top level and replaces below it, so whatever stands beside an owned field has to be sent back
(Mist OpenAPI 2509.1.2; `{"-port_config": ""}` in Juniper/terraform-provider-mist deletes a top-level key).
"""

from collections.abc import Mapping, Sequence

from haplan.plugin import Secret, Tree, leaves

Wire = dict[str, Tree]

ENTRIES = frozenset(
    {"port_config", "ip_configs", "dhcpd_config", "path_preferences", "vpn_paths", "paths", "vars", "service_policies"}
)
"""Maps of named things: an entry that is not wanted any more goes whole, unknown keys in it included."""
SERVER_KEYS = frozenset({"id", "org_id", "site_id", "created_time", "modified_time", "for_site", "msp_id"})
NULLED = frozenset(
    {"gatewaytemplate_id", "networktemplate_id", "rftemplate_id", "aptemplate_id", "sitetemplate_id",
     "alarmtemplate_id", "secpolicy_id", "routertemplate_id"}
)  # fmt: skip
"""References of a site that are cleared by null; the dash form does not work (terraform-provider-mist 00109af7)."""


def merged(
    live: Mapping[str, Tree], old: Mapping[str, Tree], new: Mapping[str, Tree], *, at: str = "",
    whole: frozenset[str] = ENTRIES, shared: bool = False,
) -> Wire:  # fmt: skip
    """`live` with what was ours (`old`) replaced by what is ours now (`new`).

    Args:
        whole: Maps of which an entry that is not wanted any more goes with what others have set in it.
        shared: Others have entries of their own in lists, too: these stay.
    """
    out = dict(live)
    for key, value in new.items():
        there, before = out.get(key), old.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            below = before if isinstance(before, Mapping) else {}
            out[key] = merged(there, below, value, at=key, whole=whole, shared=shared)
        elif shared and by_entry(there, before, value):
            out[key] = joined(there or (), before or (), value)
        else:
            out[key] = value
    for key, value in old.items():
        if key not in new and key in out:
            rest = _rest(out.pop(key), key, value, at not in whole, whole, shared)
            out |= {key: rest} if rest else {}
    return out


def _rest(there: Tree, key: str, value: Tree, below: bool, whole: frozenset[str], shared: bool) -> Tree:
    """What stays of something of ours that is not wanted any more."""
    if below and isinstance(value, Mapping) and isinstance(there, Mapping):
        return merged(there, value, {}, at=key, whole=whole, shared=shared)
    return joined(there, value, ()) if shared and by_entry(there, value) else None


def by_entry(*sides: Tree) -> bool:
    """True for lists that are owned entry by entry: what is no secret can be told from what others have there."""
    there = [side for side in sides if side is not None]
    lists = all(isinstance(side, list | tuple) for side in there)
    return lists and not any(isinstance(leaf, Secret) for side in there for _, leaf in leaves(side))


def joined(live: Sequence[Tree], old: Sequence[Tree], new: Sequence[Tree]) -> list[Tree]:
    """A list as it is to be: ours where they are, if these are in their order, else before those of others."""
    if [one for one in live if one in new] == list(new):
        return [one for one in live if one in new or one not in old]
    return [*new, *(one for one in live if one not in new and one not in old)]


def overlaid(base: Mapping[str, Tree], over: Mapping[str, Tree]) -> Wire:
    """`base` with `over` laid on it, mapping by mapping."""
    return merged(base, {}, over)


def body(live: Mapping[str, Tree], wanted: Mapping[str, Tree]) -> Wire:
    """What a PUT must carry to make `live` into `wanted`: changed top-level keys, dashes for those that go."""
    out: Wire = {}
    for key in sorted(live.keys() | wanted.keys()):
        if key in SERVER_KEYS:
            continue
        before, after = live.get(key), wanted.get(key)
        if before == after or (_empty(before) and _empty(after)):
            continue
        if _empty(after):
            out.update(_cleared(key))
        else:
            out[key] = after
    return out


def _cleared(key: str) -> Wire:
    if key in NULLED:
        return {key: None}
    return {key: []} if key == "sitegroup_ids" else {f"-{key}": ""}


def applied(live: Mapping[str, Tree], sent: Mapping[str, Tree]) -> Wire:
    """The object as a PUT leaves it."""
    out = dict(live)
    for key, value in sent.items():
        if key.startswith("-"):
            out.pop(key[1:], None)
        else:
            out[key] = value
    return out


def _empty(value: Tree) -> bool:
    return value is None or (isinstance(value, Mapping | list) and not value)


def without(wire: Mapping[str, Tree], known: Mapping[str, Tree]) -> Wire:
    """What is left of `wire` when the keys in `known` are taken out; ``*`` stands for any key."""
    out: Wire = {}
    for key, value in wire.items():
        if key in SERVER_KEYS:
            continue
        below = known.get(key, known.get("*"))
        if below is None:
            out[key] = value
        elif isinstance(below, Mapping) and isinstance(value, Mapping):
            rest = without(value, below)
            if rest:
                out[key] = rest
    return out
