"""Writing what is owned into what is there: everything else stays.

A PUT merges at the top level and replaces below it, so whatever stands beside an owned field has to be sent back
(Mist OpenAPI 2509.1.2; `{"-port_config": ""}` in Juniper/terraform-provider-mist deletes a top-level key).
"""

from collections.abc import Mapping

from haplan.plugin import Tree

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
    whole: frozenset[str] = ENTRIES,
) -> Wire:  # fmt: skip
    """`live` with what was ours (`old`) replaced by what is ours now (`new`); `whole` are the maps of which an entry
    that is not wanted any more goes with what others have set in it."""
    out = dict(live)
    for key, value in new.items():
        there = out.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            before = old.get(key)
            out[key] = merged(there, before if isinstance(before, Mapping) else {}, value, at=key, whole=whole)
        else:
            out[key] = value
    for key, value in old.items():
        if key not in new and key in out:
            _remove(out, key, value, at, whole)
    return out


def _remove(out: Wire, key: str, value: Tree, at: str, whole: frozenset[str]) -> None:
    there = out[key]
    if at not in whole and isinstance(value, Mapping) and isinstance(there, Mapping):
        rest = merged(there, value, {}, at=key, whole=whole)
        if rest:
            out[key] = rest
            return
    del out[key]


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
