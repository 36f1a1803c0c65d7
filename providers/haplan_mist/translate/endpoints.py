"""Endpoints of hubs that the stack does not make: which overlay they belong to is found in the organisation.

``HubProfile.existing("h9").endpoint("wan0")`` names the endpoint alone; Mist wants ``<endpoint>.<overlay>`` (Mist
OpenAPI 2509.1.2, `vpn_paths`; the keys of an overlay's `paths` are its endpoints).
"""

from collections.abc import Callable, Iterator, Mapping

from haplan.plugin import Tree
from haplan_mist.translate.objects import Values

OverlayOf = Callable[[str], str]
"""Gives the overlay of an endpoint, or "" where it is not known."""


def lacking(values: Mapping[str, Tree]) -> Iterator[tuple[str, str]]:
    """(where, endpoint) of every endpoint that is named without its overlay."""
    for name, interface in (values.get("interfaces") or {}).items():
        for endpoint, towards in (interface.get("overlay") or {}).items():
            if not (towards or {}).get("overlay"):
                yield name, endpoint
    for path in values.get("paths") or ():
        if path.get("kind") == "endpoint" and not path.get("overlay"):
            yield "paths", str(path.get("name"))


def completed(values: Mapping[str, Tree], overlay_of: OverlayOf) -> Values:
    """The values with every endpoint's overlay."""
    if not any(True for _ in lacking(values)):
        return dict(values)
    out = dict(values)
    if out.get("interfaces"):
        out["interfaces"] = {name: _interface(one, overlay_of) for name, one in out["interfaces"].items()}
    if out.get("paths"):
        out["paths"] = [_path(path, overlay_of) for path in out["paths"]]
    return out


def _interface(interface: Mapping[str, Tree], overlay_of: OverlayOf) -> Values:
    towards = interface.get("overlay")
    if not towards:
        return dict(interface)
    ends = {end: one if (one or {}).get("overlay") else {**(one or {}), "overlay": overlay_of(end)}
            for end, one in towards.items()}  # fmt: skip
    return {**interface, "overlay": ends}


def _path(path: Mapping[str, Tree], overlay_of: OverlayOf) -> Mapping[str, Tree]:
    if path.get("kind") != "endpoint" or path.get("overlay"):
        return path
    return {**path, "overlay": overlay_of(str(path.get("name")))}


def as_named(live: Values, wanted: Mapping[str, Tree], overlay_of: OverlayOf) -> Values:
    """A live steering rule in the words of the stack: no overlay where the stack names none and it is the right one."""
    bare = {endpoint for where, endpoint in lacking(wanted) if where == "paths"}
    paths = []
    for path in live.get("paths") or ():
        name = str(path.get("name"))
        if path.get("kind") == "endpoint" and name in bare and path.get("overlay") == overlay_of(name):
            path = {key: value for key, value in path.items() if key != "overlay"}
        paths.append(path)
    return {**live, "paths": paths}
