"""Owners for tests of traffic: the worked example, and a small spoke built from short words."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from haplan.design.index import Index, Resource
from haplan.design.resources import of_stack
from haplan.design.traffic import Picture, picture
from haplan.design.traffic.edges import circuits_of
from haplan.model.stack import Stack

STACKS = Path(__file__).parents[2] / "stacks"
WORKED = {"srx": "hub_spoke_srx_netconf", "ssr": "hub_spoke_ssr_conductor", "mist-ssr": "hub_spoke_ssr",
          "mist-srx": "hub_spoke_srx"}  # fmt: skip
MODELS = {"srx": "SRX300", "ssr": "SSR120", "mist-ssr": "SSR120", "mist-srx": "SRX300"}
PORTS = {
    "srx": {"node0": ["ge-0/0/7", "ge-0/0/6", "ge-0/0/5"], "node1": ["ge-1/0/7", "ge-1/0/6", "ge-1/0/5"],
            "links": 'ha_fabric("ge-0/0/2,ge-1/0/2")', "lan": 'reth_idx=0, redundancy_group=1'},
    "ssr": {"node0": ["ge-0/0/0", "ge-0/0/1", "ge-0/0/2"], "node1": ["ge-1/0/0", "ge-1/0/1", "ge-1/0/2"],
            "links": 'ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")', "lan": ""},
}  # fmt: skip
Load = Callable[[str], Stack]


def seen(stack: Stack, backend: str, change: Callable[[dict[str, Resource]], None] | None = None) -> Picture:
    """The picture of a stack, after a change."""
    provider = next(iter(stack.providers))
    resources = of_stack(stack, provider)
    if change is not None:
        change(resources)
    lines = {address: block.location.short for address, block in stack.blocks.items()}
    return picture(Index(resources.values()), backend.partition("-")[0], lines, circuits_of(stack.blocks.values()))


def small(case: Mapping[str, Any], backend: str, without: str = "") -> str:
    """The text of a stack with one spoke: networks corp and guest on one LAN, and what a case says."""
    family = MODELS[backend][:3].lower()
    ports = {node: list(PORTS[family][node]) for node in ("node0", "node1")}
    circuits = {wan: name for name, wans in (case.get("circuit") or {}).items() for wan in wans}
    wans = []
    for number, (name, where) in enumerate((case.get("wans") or {"wan0": "node0", "wan1": "node1"}).items()):
        node, _, dhcp = str(where).partition(" ")
        address = "dhcp()" if dhcp else f'static("198.51.{number}.2/24", gateway="198.51.{number}.1")'
        circuit = f', circuit="{circuits[name]}"' if name in circuits else ""
        wans.append(f'wan("{name}", "{ports[node].pop(0)}", {address}{circuit})')
    provider = backend.partition("-")[0]
    return f"""
from haplan import provider
from haplan.design import *
provider("{provider}")
site = Site("branch", country_code="US", timezone="America/New_York")
corp = Network("corp", subnet="10.1.0.0/24", vlan_id=10)
guest = Network("guest", subnet="172.22.1.0/24", vlan_id=20)
edge = WanEdgeTemplate("edge", interfaces=[{", ".join(wans)},
    lan("lan", "ge-0/0/3,ge-1/0/3", {{corp: "10.1.0.1/24", guest: "172.22.1.1/24"}}, {PORTS[family]["lan"]}),
    {PORTS[family]["links"]}])
Cluster("s", site=site, template=edge, model="{MODELS[backend]}", nodes=["02005e100c30", "02005e100c31"])
{_applications(case)}
{_steering(case)}
{_policies(case, without)}
"""


def _applications(case: Mapping[str, Any]) -> str:
    lines = []
    for name, said in case.get("app", {}).items():
        *nets, protocol = str(said).split()
        lines.append(f'app_{_word(name)} = Application("{name}", addresses={nets}, protocols=["{protocol}"])')
    return "\n".join(lines)


def _steering(case: Mapping[str, Any]) -> str:
    lines = []
    for name, said in case.get("steer", {}).items():
        strategy, *paths = str(said).split()
        listed = ", ".join(map(_path, paths))
        lines.append(f'st_{_word(name)} = Steering("{name}", template=edge, strategy="{strategy}", paths=[{listed}])')
    return "\n".join(lines)


def _path(said: str) -> str:
    name, _, cost = said.removesuffix("(disabled)").partition("=")
    more = (f", cost={cost}" if cost else "") + (", disabled=True" if said.endswith("(disabled)") else "")
    return f'path(edge.wan("{name}"){more})' if more else f'edge.wan("{name}")'


def _policies(case: Mapping[str, Any], without: str) -> str:
    lines = []
    for said in case.get("pol", []):
        name, action, network, application, steering = str(said).split()
        steers = f", steering=st_{_word(steering)}" if steering != "-" else ""
        if name != without:
            lines.append(f'Policy("{name}", template=edge, networks=[{network}], action="{action}", '
                         f"applications=[app_{_word(application)}]{steers})")  # fmt: skip
    return "\n".join(lines)


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)


def changed(case: Mapping[str, Any], backend: str) -> Callable[[dict[str, Resource]], None]:
    """What a case changes in the worked example."""

    def change(resources: dict[str, Resource]) -> None:
        if "hub_pol" in case:
            del resources["policy.h1.spoke-to-hub-lan"]
            for said in case["hub_pol"]:
                _hub_policy(resources, str(said), backend)
        said = str(case.get("change", ""))
        if said == "SPOKE-LAN1 advertised false":
            _set(resources, "network.SPOKE-LAN1", advertise=[])
        elif said:
            assert said == "wan0 and wan1 both map to h1-wan0 and h1-wan1"
            template = resources["wan_edge_template.ha-spoke"]
            both = {"h1-wan0": {"overlay": "OrgOverlay"}, "h1-wan1": {"overlay": "OrgOverlay"}}
            faces = {name: {**face, "overlay": both} if face["usage"] == "wan" else face
                     for name, face in template.values["interfaces"].items()}  # fmt: skip
            _set(resources, template.address, interfaces=faces)

    return change


def _set(resources: dict[str, Resource], address: str, **values: Any) -> None:
    one = resources[address]
    resources[address] = attrs.evolve(one, values={**one.values, **values})


def _hub_policy(resources: dict[str, Resource], said: str, backend: str) -> None:
    name, action, network, to = said.split()
    application = to
    if "/" in to:
        application = f"to-{name}"
        resources[f"application.{application}"] = Resource(
            address=f"application.{application}", type="application", name=application,
            values={"addresses": [to], "protocols": ["any"]},
        )  # fmt: skip
    values: dict[str, Any] = {"profile": "h1", "networks": [network], "applications": [application], "action": action}
    if action == "allow" and "srx" in backend:
        values["steering"] = "hub-lan"
    address = f"policy.h1.{name}"
    resources[address] = Resource(
        address=address, type="policy", name=name, values=values, owner="hub_profile.h1", needs=("hub_profile.h1",)
    )  # fmt: skip
