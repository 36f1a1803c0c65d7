"""What stands in an object beside what is ours: entries that other stacks and people have made in the same maps.

An overlay's paths are made by every stack that has a hub in it, and any stack may let a network into an overlay of
its own. An object with entries of others in it stays when a stack leaves; only what is the stack's own is taken out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from haplan.plugin import SECRET_NAMES, Tree
from haplan_mist.translate import merge
from haplan_mist.translate.merge import Wire, merged

MAPS: Mapping[str, tuple[str, str]] = {"overlay": ("paths", "endpoints"), "network": ("vpn_access", "advertise")}
"""Type → the map of its object that others write into, and the attribute that names entries of it."""
GROUPS = "sitegroup_ids"
"""The groups of a site: others put it into groups of their own."""
SERVERS = {"dns_servers": "dns-server", "ntp_servers": "ntp-server", "dns_suffix": "dns-suffix"}
"""Lists in the setting of a site that others add to: how an entry is called."""
_CALLED = {"overlay": "path", "network": "advertisement into"}


def of_others(type_name: str, wire: Mapping[str, Tree], *sides: Mapping[str, Tree] | None) -> list[str]:
    """Names of the entries that none of these values declare."""
    if type_name not in MAPS:
        return []
    key, name = MAPS[type_name]
    mine = {one for side in sides for one in (*_listed(side, name), *_in_extra(side, key))}
    return sorted(set(wire.get(key) or {}) - mine)


def in_setting_of_others(setting: Mapping[str, Tree], values: Mapping[str, Tree] | None) -> list[str]:
    """What others have in the setting of a site that these values do not declare: names of variables, servers, and
    entries of lists that both have."""
    variables = set(setting.get("vars") or {}) - set((values or {}).get("variables") or {})
    return [*sorted(variables), *in_lists_of_others(setting, values)]


def in_lists_of_others(setting: Mapping[str, Tree], *sides: Mapping[str, Tree] | None) -> list[str]:
    """The entries that none of these values declare, in the servers of a site and in each list that one of them has an
    entry in; in words."""
    extras = [(side or {}).get("extra") or {} for side in sides]
    servers = {key: setting[key] for key in SERVERS if setting.get(key)}
    return [
        f"{SERVERS.get(at) or at} {one}" if _plain(at, one) else f"an entry of {at}"
        for at, live, ours in (*_lists(servers, extras, top=True), *_lists(_but(setting), extras))
        for one in live
        if one not in ours
    ]


def _but(setting: Mapping[str, Tree]) -> Wire:
    return {key: value for key, value in setting.items() if key not in (GROUPS, *SERVERS)}


def _lists(
    live: Mapping[str, Tree], sides: Sequence[Mapping[str, Tree]], at: str = "", *, top: bool = False
) -> Iterator[tuple[str, Sequence[Tree], list[Tree]]]:  # fmt: skip
    """(Path, what is there, what is ours) of the lists that somebody declares; at the top of those that nobody does."""
    for key, value in live.items():
        below = [side[key] for side in sides if side.get(key) is not None]
        if isinstance(value, Mapping):
            yield from _lists(value, [one for one in below if isinstance(one, Mapping)], f"{at}{key}.")
        elif (below or top) and merge.by_entry(value, *below):
            yield f"{at}{key}", value, [one for side in below for one in side]


def _plain(at: str, entry: Tree) -> bool:
    """True for an entry that can be told: a text that names no secret."""
    return isinstance(entry, str | int) and not SECRET_NAMES.search(at)


def ours(live: Mapping[str, Tree], *sides: Mapping[str, Tree]) -> Wire:
    """Vendor keys of a site, and of the lists that others add to what one of these values declares."""
    extras = [side.get("extra") or {} for side in sides]
    found = _ours(live, extras)
    return {**found, **{key: [] for key in (GROUPS, *SERVERS) if live.get(key) and not any(map(_has(key), extras))}}


def _has(key: str) -> Callable[[Mapping[str, Tree]], bool]:
    return lambda extra: extra.get(key) is not None


def _ours(live: Mapping[str, Tree], sides: Sequence[Mapping[str, Tree]]) -> Wire:
    out = dict(live)
    for key, value in live.items():
        below = [side[key] for side in sides if side.get(key) is not None]
        if isinstance(value, Mapping):
            out[key] = _ours(value, [one for one in below if isinstance(one, Mapping)]) if below else value
        elif below and merge.by_entry(value, *below):
            out[key] = [one for one in value if any(one in side for side in below)]
    return out


def without_ours(type_name: str, wire: Mapping[str, Tree], values: Mapping[str, Tree]) -> Wire:
    """The object with what these values declare taken out of the map; all else of it stays, for the others."""
    key, name = MAPS[type_name]
    entries: Wire = dict.fromkeys(_listed(values, name), {} if type_name == "overlay" else {"routed": True})
    return merged(wire, {key: {**_in_extra(values, key), **entries}}, {key: {}})


def lines(type_name: str, name: str, wire: Mapping[str, Tree], *sides: Mapping[str, Tree] | None) -> tuple[str, ...]:
    """A line for each entry of others."""
    return tuple(
        f"{name}: {_CALLED[type_name]} {entry} is not in the stack" for entry in of_others(type_name, wire, *sides)
    )


def rewritten(live: Mapping[str, Tree], old: Mapping[str, Tree], new: Mapping[str, Tree]) -> Wire:
    """A site or its setting with what was ours replaced by what is; entries of others stay, in lists at any depth too,
    such as groups, servers and keys."""
    return merge.merged(live, old, new, shared=True)


def left(live: Mapping[str, Tree], old: Mapping[str, Tree], before_us: Mapping[str, Tree]) -> Wire:
    """A setting without what was ours; what stood there before us comes back, where nobody took it away meanwhile."""
    return rewritten(live, old, _still_there(live, before_us))


def _still_there(live: Mapping[str, Tree], prior: Mapping[str, Tree]) -> Wire:
    out: Wire = {}
    for key, value in prior.items():
        there = live.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            out[key] = _still_there(there, value)
        elif there is not None:
            out[key] = [one for one in value if one in there] if merge.by_entry(value, there) else value
    return out


def _listed(values: Mapping[str, Tree] | None, name: str) -> Sequence[str]:
    return (values or {}).get(name) or ()


def _in_extra(values: Mapping[str, Tree] | None, key: str) -> Mapping[str, Tree]:
    return ((values or {}).get("extra") or {}).get(key) or {}
