"""What lists would say if all were as recorded: for a plan that reads nothing. Pure."""

from collections.abc import Iterable, Mapping

from haplan.plugin import Query, Row, Tree, decode, is_mapping
from haplan_mist.estate import Lists, Object
from haplan_mist.private import Private
from haplan_mist.translate.documents import KIND, LISTS, binding


def recall(query: Query) -> Lists:
    """The lists of what is recorded, as far as cost and reach of a change follow from them."""
    rows = list(query.recorded.values())
    lists: dict[str, dict[str, Object]] = {"inventory": {}, "stats": {}}
    words = {row.address: set(_words(decode(row.values))) for row in rows}
    for row in rows:
        if row.owner in words:
            words[row.owner] |= words[row.address]
    for row in rows:
        if row.type in KIND:
            lists.setdefault(KIND[row.type], {})[row.id] = _object(row, rows, words[row.address])
    for row in rows:
        if row.type == "cluster":
            _cluster(row, lists)
    return Lists(lists, recalled=True)


def _object(row: Row, rows: Iterable[Row], words: set[str]) -> Object:
    """An object with its name, and of a template or profile what it names."""
    found: Object = {"id": row.id, "name": row.name}
    if row.type == "overlay":
        found["paths"] = {end: {} for end in decode(row.values).get("endpoints") or ()}
    if row.type not in ("wan_edge_template", "hub_profile"):
        return found
    used = {kind: [one.name for one in rows if one.type == kind and one.name in words]
            for kind in ("network", "application", "overlay")}  # fmt: skip
    paths: Object = {f"x.{name}": {} for name in used["overlay"]}
    return {
        **found,
        "ip_configs": {name: {} for name in used["network"]},
        "port_config": {"x": {"vpn_paths": paths, "words": sorted(words)}},
        "service_policies": [{"tenants": used["network"], "services": used["application"]}],
    }


def _cluster(row: Row, lists: Mapping[str, dict[str, Object]]) -> None:
    """The boxes of a pair, at its site and with what it carries."""
    values = decode(row.values)
    site = next((one for one in lists.get("sites", {}).values() if one["name"] == values.get("site")), None)
    kind, name = binding(values)
    carried = next((id_ for id_, one in lists.get(LISTS[kind], {}).items() if one["name"] == name), "")
    if site is not None and kind == "gatewaytemplate":
        site["gatewaytemplate_id"] = carried
    nodes = list(Private.of(row.private).nodes or sorted(values.get("nodes") or {}))
    for mac in nodes:
        lists["inventory"][mac] = {
            "mac": mac,
            "vc_mac": nodes[0],
            "model": str(values.get("model") or ""),
            "site_id": site["id"] if site is not None else "",
            "deviceprofile_id": carried if kind == "deviceprofile" else "",
        }


def _words(tree: Tree) -> Iterable[str]:
    """Every text and key in a tree."""
    if isinstance(tree, str):
        yield tree
    elif is_mapping(tree):
        for key, value in tree.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(tree, list | tuple):
        for one in tree:
            yield from _words(one)
