"""Names that others use grow first and shrink last: at no moment does anybody name a path that the overlay lacks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.world import World, summary

Example = Callable[[str], World]
DESIGN = "../modules/hub_spoke.py"
WAN0 = 'on.wan0(static("{{WAN0_PFX}}.254/24", gateway="{{WAN0_PFX}}.1"))'


@pytest.fixture
def applied(example: Example) -> World:
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    world.lab.clock.sleep(5)
    world.forget_calls()
    return world


def new_endpoints(world: World) -> None:
    world.edit(DESIGN, WAN0, WAN0[:-1] + ', endpoint=f"{label}-north")')


def new_profile_names(world: World) -> None:
    world.edit(DESIGN, "HubProfile(label,", 'HubProfile(label, name=f"{label}-hub",')


def one_endpoint_less(world: World) -> None:
    world.edit(DESIGN, ', overlay=[h1.endpoint("wan0"), h2.endpoint("wan0")]', "")
    world.edit(DESIGN, 'paths=[h1.profile.endpoint("wan0"), h1', "paths=[h1")
    world.edit(DESIGN, 'paths=[h2.profile.endpoint("wan0"), h2', "paths=[h2")
    world.edit(DESIGN, WAN0, WAN0[:-1] + ", endpoint=False)")


@pytest.mark.parametrize(
    ("edit", "writes"),
    [(new_endpoints, "vpn h1 h2 ha-spoke vpn"), (new_profile_names, "vpn h1-hub h2-hub ha-spoke vpn"),
     (one_endpoint_less, "h1 h2 ha-spoke vpn")],
)  # fmt: skip
def test_no_path_is_ever_named_that_the_overlay_lacks(
    applied: World, edit: Callable[[World], None], writes: str
) -> None:
    logged = len(log(applied))
    names = current(applied)
    edit(applied)
    result = applied.apply()
    assert (result.exit_code, result.failed) == (0, ())
    done = []
    for entry in log(applied)[logged:]:
        key, named = what(entry["after"])
        done.append(key)
        names[key] = named
        # a renamed profile is the same object
        users = {path for who, paths in names.items() if who != "vpn" and who == alive(who, names) for path in paths}
        assert users <= names["vpn"], entry["message"]
    assert sorted_hubs(done) == writes.split()
    assert summary(applied.plan()) == {}


def log(world: World) -> list[dict[str, Any]]:
    """Changes of overlays, profiles and templates, oldest first."""
    entries = world.get("/orgs/{org}/logs", limit=1000)["results"]
    return [one for one in reversed(entries) if one.get("after") and paths_in(one["after"]) is not None]


def current(world: World) -> dict[str, set[str]]:
    found = dict(what(vpn) for vpn in world.get("/orgs/{org}/vpns"))
    for profile in world.get("/orgs/{org}/deviceprofiles", type="gateway"):
        found.update([what(profile)])
    return {**found, **dict([what(world.template())])}


def what(body: dict[str, Any]) -> tuple[str, set[str]]:
    return ("vpn" if "paths" in body else str(body["name"])), paths_in(body) or set()


def paths_in(body: dict[str, Any]) -> set[str] | None:
    if "paths" in body:
        return set(body["paths"])
    if "port_config" not in body and "path_preferences" not in body:
        return None
    return {name.removesuffix(".OrgOverlay") for name in named(body)}


def named(body: dict[str, Any]) -> Iterator[str]:
    for port in (body.get("port_config") or {}).values():
        yield from port.get("vpn_paths") or {}
    for rule in (body.get("path_preferences") or {}).values():
        yield from (path["name"] for path in rule["paths"] if path["type"] == "vpn")


def alive(name: str, names: dict[str, set[str]]) -> str:
    return f"{name}-hub" if f"{name}-hub" in names else name


def sorted_hubs(done: list[str]) -> list[str]:
    """Both hubs are written at the same time."""
    at = next(index for index, name in enumerate(done) if name.startswith(("h1", "h2")))
    return [*done[:at], *sorted(done[at : at + 2]), *done[at + 2 :]]
