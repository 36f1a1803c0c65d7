"""What stands in an object beside what is ours: entries that other stacks and people have made in the same maps.

An overlay's paths are made by every stack that has a hub in it, and any stack may let a network into an overlay of
its own. An object with entries of others in it stays when a stack leaves; only what is the stack's own is taken out.
"""

from collections.abc import Mapping, Sequence

from haplan.plugin import Tree
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
    """What others have in the setting of a site that these values do not declare: names of variables, and servers."""
    variables = set(setting.get("vars") or {}) - set((values or {}).get("variables") or {})
    return [*sorted(variables), *(f"{SERVERS[key]} {one}" for key, one in servers_of_others(setting, values))]


def servers_of_others(setting: Mapping[str, Tree], *sides: Mapping[str, Tree] | None) -> list[tuple[str, str]]:
    """(List, entry) of the servers in the setting of a site that none of these values declare."""
    return [(key, str(one)) for key in SERVERS for one in setting.get(key) or () if one not in declared(key, *sides)]


def declared(key: str, *sides: Mapping[str, Tree] | None) -> list[Tree]:
    """The entries of a list in vendor keys."""
    return [one for side in sides for one in ((side or {}).get("extra") or {}).get(key) or ()]


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


def lists(live: Mapping[str, Tree], old: Mapping[str, Tree], new: Mapping[str, Tree]) -> Wire:
    """The groups and servers of a site as they are to be: ours, and those of others behind them; without the lists of
    which the stack says nothing."""
    return {key: _with_others(live.get(key) or (), old.get(key) or (), new.get(key) or ())
            for key in (GROUPS, *SERVERS) if key in old or key in new}  # fmt: skip


def _with_others(live: Sequence[Tree], old: Sequence[Tree], new: Sequence[Tree]) -> list[Tree]:
    return [*new, *(one for one in live if one not in new and one not in old)]


def _listed(values: Mapping[str, Tree] | None, name: str) -> Sequence[str]:
    return (values or {}).get(name) or ()


def _in_extra(values: Mapping[str, Tree] | None, key: str) -> Mapping[str, Tree]:
    return ((values or {}).get("extra") or {}).get(key) or {}
