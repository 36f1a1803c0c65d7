"""What is there, compared with what is recorded and wanted; and what a change costs."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest

from haplan.contracts import Query, Seen, Target
from haplan.model.plan import Action, Change
from haplan.model.state import Row
from haplan.model.value import encode
from haplan_ssr import assess
from haplan_ssr.read import resources
from haplan_ssr.translate import Terms, translate
from haplan_ssr.translate.tree import AUTHORITY, HERE, Flat, Path
from tests.ssr.conftest import Design

SPOKE: Path = (*AUTHORITY, ("router", "spoke"))
GUEST: Path = (*SPOKE, ("node", "node0"), ("device-interface", "ge-0-3"), ("network-interface", "guest"))


def rows(design: Design) -> dict[str, Row]:
    return {
        one.address: Row(
            address=one.address,
            type=one.type,
            provider="ssr",
            id=one.name,
            name=one.name,
            owner=one.owner,
            values=encode(one.values),
            declared=tuple(one.values),
        )
        for one in design.pieces()
    }


def look(live: Flat, recorded: Design | None, wanted: Design, **more: Any) -> tuple[resources.Look, Mapping[str, Seen]]:
    known = rows(recorded) if recorded is not None else {}
    targets = tuple(
        Target(
            address=one.address,
            type=one.type,
            name=one.name,
            owner=one.owner,
            values=one.values,
            row=known.get(one.address),
            **more,
        )
        for one in wanted.pieces()
    )
    query = Query(targets=targets, recorded=known)
    found = resources.look(live, query, Terms())
    return found, resources.read(found, query).seen


@pytest.fixture
def live(design: Design) -> Flat:
    return translate(design.pieces()).flat()


def test_what_is_as_recorded_is_seen_as_recorded(design: Design, live: Flat) -> None:
    _, seen = look(live, design, design)
    assert {address: one.values["name"] for address, one in seen.items()} == {
        one.address: one.name for one in design.pieces()
    }
    assert seen["network.guest"].values["vlan_id"] == "{{VLAN}}"


DEVIATIONS: list[tuple[Path, Any, str, tuple[str, ...], str]] = [
    ((*GUEST, "vlan"), 31, "network.guest", ("vlan_id",),
     "router spoke node node0 device-interface ge-0-3 network-interface guest vlan: 31"),
    ((*GUEST, "vlan"), None, "network.guest", ("vlan_id",),
     "router spoke node node0 device-interface ge-0-3 network-interface guest vlan: missing"),
    ((*AUTHORITY, ("service-policy", "out"), "lb-strategy"), "proportional", "steering.t.out", ("strategy",),
     "service-policy out lb-strategy: proportional"),
    ((*AUTHORITY, ("service", "internet"), "address"), ("0.0.0.0/0", "::/0"), "application.any", ("addresses",),
     "service internet address: 0.0.0.0/0, ::/0"),
    ((*AUTHORITY, ("service", "internet"), ("access-policy", "guest"), "permission"), "deny", "policy.t.internet",
     ("action",), "service internet access-policy guest permission: deny"),
    ((*SPOKE, ("node", "node1"), "asset-id"), "X", "cluster.spoke", ("nodes", "0200000000ff", "asset_id"),
     "router spoke node node1 asset-id: X (another box)"),
    ((*SPOKE, "location"), "elsewhere", "site.s", ("address",), "router spoke location: elsewhere"),
    ((*SPOKE, ("service-route", "internet-wan1")), None, "policy.t.internet", ("steering",),
     "router spoke service-route internet-wan1: missing"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "address", "way", "text"), DEVIATIONS)
def test_what_differs_is_told_at_the_attribute_it_comes_from(
    design: Design, live: Flat, path: Path, value: Any, address: str, way: tuple[str, ...], text: str
) -> None:
    there = {p: v for p, v in live.items() if p[: len(path)] != path} if value is None else {**live, path: value}
    _, before = look(live, design, design)
    _, seen = look(there, design, design)
    found: Any = seen[address].values
    for step in way:
        found = found[step]
    assert found == text
    assert [name for name in seen if seen[name] != before[name]] == [address]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ((*AUTHORITY, ("tenant", "guest")), "network.guest"), (SPOKE, "cluster.spoke"),
        ((*AUTHORITY, ("service", "internet")), "policy.t.internet"),
        ((*AUTHORITY, ("service-policy", "out")), "steering.t.out"),
    ],
)  # fmt: skip
def test_what_is_an_entry_itself_is_gone_with_it(design: Design, live: Flat, path: Path, address: str) -> None:
    there = {p: v for p, v in live.items() if p[: len(path)] != path}
    _, seen = look(there, design, design)
    assert address not in seen


def test_what_is_as_wanted_already_is_no_difference(design: Design) -> None:
    wanted = copy.deepcopy(design)
    wanted.change("steering.t.out", strategy="ecmp")
    _, seen = look(translate(wanted.pieces()).flat(), design, wanted)
    assert seen["steering.t.out"].values["strategy"] == "ecmp"


NEEDED = {"name", "kind", "type", "usage", "ports", "ip", "template", "profile", "site", "nodes", "action", "overlay"}
"""Attributes that the vocabulary does not do without."""


def less(design: Design) -> Iterator[tuple[str, Design]]:
    """The design with one thing less, each way: an attribute, an entry of a list, something of either."""
    for address in design.table:
        for name, fewer in parts_less(design.values(address)):
            wanted = copy.deepcopy(design)
            wanted.table[address] = (*wanted.table[address][:2], fewer)
            yield f"{address}: {name}", wanted


def parts_less(tree: Any) -> Iterator[tuple[str, Any]]:
    parts = list(tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ())
    for key, value in parts:
        if key in NEEDED:
            continue
        rest = [(other, one) for other, one in parts if other != key]
        yield f"without {key}", dict(rest) if isinstance(tree, dict) else [one for _, one in rest]
        for name, fewer in parts_less(value):
            kept = [(other, fewer if other == key else one) for other, one in parts]
            yield f"{key} {name}", dict(kept) if isinstance(tree, dict) else [one for _, one in kept]


def test_what_is_not_wanted_any_more_and_still_runs_is_seen_as_recorded(design: Design) -> None:
    design.change("policy.t.internet", networks=["guest", "office"], applications=["any", "dns"])
    design.change("application.office", addresses=["10.1.0.0/24", "10.2.0.0/24"], protocols=["tcp/22,80-90", "icmp"])
    live = translate(design.pieces()).flat()
    _, as_recorded = look(live, design, design)
    seen = {name: look(live, design, wanted)[1] for name, wanted in less(design)}
    others = {name: {one for one in found if found[one] != as_recorded[one]} for name, found in seen.items()}
    assert len(others) > 70
    assert {name: found for name, found in others.items() if found} == {}


def test_without_a_state_only_what_has_an_entry_of_its_name_is_there(design: Design, live: Flat) -> None:
    _, seen = look(live, None, design)
    assert {address.partition(".")[0] for address in seen} == {"network", "steering", "policy", "cluster"}


def test_what_a_dead_run_may_have_made_is_there_if_all_of_it_is(design: Design, live: Flat) -> None:
    _, seen = look(live, None, design, pending=True)
    assert {"hub_profile.h", "wan_edge_template.t", "application.any"} <= set(seen)
    _, seen = look({p: v for p, v in live.items() if p[-1] != "pci-address"}, None, design, pending=True)
    assert "wan_edge_template.t" not in seen


def test_generated_and_foreign_entries_are_told_only_inside_ours(design: Design, live: Flat) -> None:
    there = {
        **live, (*GUEST, ("address", "10.0.0.9")): HERE, (*AUTHORITY, ("tenant", "theirs")): HERE,
        (*AUTHORITY, ("router", "theirs")): HERE, (*AUTHORITY, ("router", "theirs"), ("node", "n")): HERE,
    }  # fmt: skip
    found, _ = look(there, design, design)
    assert resources.strangers(found) == (
        "router spoke node node0 device-interface ge-0-3 network-interface guest address 10.0.0.9 is not in the stack",
    )


# --- What it costs ----------------------------------------------------------------------------------------------------


def change(address: str, action: Action = Action.UPDATE) -> Change:
    return Change(
        address=address, type=address.partition(".")[0], name=address.rpartition(".")[2], provider="ssr", action=action
    )


SITES = {"spoke": "s", "hub": "h"}


def cost(design: Design, address: str, edit: Any, action: Action = Action.UPDATE) -> Any:
    wanted = copy.deepcopy(design)
    edit(wanted)
    found, _ = look(translate(design.pieces()).flat(), design, wanted)
    return assess.assess(attrs.evolve(found, sites=SITES), change(address, action))


def test_a_policy_reaches_the_sites_of_its_template_and_interrupts_nobody(design: Design) -> None:
    said = cost(design, "policy.t.internet", lambda wanted: wanted.change("policy.t.internet", action="deny"))
    assert (said.impact.kind, said.sites) == ("config-push", ("s",))


def test_an_interface_interrupts_traffic(design: Design) -> None:
    said = cost(design, "network.guest", lambda wanted: wanted.change("network.guest", vlan_id=31))
    assert (said.impact.kind, said.sites) == ("traffic", ("s",))


def test_what_the_vendors_model_marks_needs_a_restart(design: Design) -> None:
    def swapped(wanted: Design) -> None:
        faces = wanted.values("wan_edge_template.t")["interfaces"]
        faces["fab"]["ports"], faces["sync"]["ports"] = faces["sync"]["ports"], faces["fab"]["ports"]

    said = cost(design, "wan_edge_template.t", swapped)
    assert said.impact.kind == "reboot"
    assert "needs an SSR restart: router spoke node node0 device-interface ge-0-4 forwarding" in said.impact.note


def test_a_pair_that_comes_restarts_and_one_that_goes_is_an_outage(design: Design) -> None:
    assert cost(design, "cluster.spoke", lambda wanted: None, Action.CREATE).impact.kind == "reboot"
    assert cost(design, "cluster.spoke", lambda wanted: None, Action.DELETE).impact.kind == "outage"


def test_what_reaches_no_router_costs_nothing(design: Design) -> None:
    def another(wanted: Design) -> None:
        wanted.add("network.new", {"subnet": "10.7.0.0/24"})

    said = cost(design, "network.new", another, Action.CREATE)
    assert (said.impact.kind, said.sites) == ("none", ())
