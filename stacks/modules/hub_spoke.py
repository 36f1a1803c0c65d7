"""Two HA hubs and HA spokes: the design, said once for SSR and SRX."""
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from haplan import Secret, output, provider, rows
from haplan.design import (Application, Cluster, HubProfile, Interface, Network, Node, Overlay, Policy, Site, Steering,
                           WanEdgeTemplate, attest, dhcp, local, static)

HUB_VARIABLES = [
    {"WAN0_PFX": "198.51.100", "WAN1_PFX": "203.0.113", "HUB1_LAN1_PFX": "10.66.66", "HUB1_LAN1_VLAN": "1066"},
    {"WAN0_PFX": "198.18.20", "WAN1_PFX": "198.18.21", "HUB2_LAN1_PFX": "10.55.55", "HUB2_LAN1_VLAN": "1055"}]

class Platform(NamedTuple):
    """What differs between the variants: hardware, ports, whether a policy must steer into the LAN, and the backend."""
    model: str
    firmware: str
    wan0: Callable[..., Interface]
    wan1: Callable[..., Interface]
    lan: Callable[..., Interface]
    links: Sequence[Interface]
    pairs: Mapping[str, Sequence[Node]]
    steers_into_lan: bool = False
    connect: Callable[[], object] = partial(provider, "mist")                 # MIST_HOST, MIST_ORG_ID, MIST_APITOKEN; with --lab the simulator's
    cluster_ids: Mapping[str, int] = {}                                       # SRX direct: haplan forms the pairs itself,
    psk: Secret | None = None                                                 # and builds the tunnels itself

class Hub(NamedTuple):
    profile: HubProfile
    lan: Network
    application: Application

def build(on: Platform) -> None:
    on.connect()
    org = Overlay("OrgOverlay", psk=on.psk)
    spoke_lan = Network("SPOKE-LAN1", subnet="{{SPOKE_LAN1_PFX}}.0/24", vlan_id="{{SPOKE_LAN1_VLAN}}", advertise=org)
    guest = Network("spoke-guest", subnet="{{SPOKE_GUEST_PFX}}.0/24", vlan_id="{{SPOKE_GUEST_VLAN}}", cloud_access=False)
    h1, h2 = (hub(number, on, org, spoke_lan) for number in (1, 2))
    spoke = spoke_template(on, h1.profile, h2.profile, spoke_lan, guest)
    spoke_policies(on, spoke, h1, h2, spoke_lan, guest)
    for row in rows("spokes.csv"):                                            # for_each is a for loop
        pair(row["name"], on, row.group("var."), template=spoke)

def hub(number: int, on: Platform, org: Overlay, spoke_lan: Network) -> Hub:
    label, key, variables = f"h{number}", f"HUB{number}_LAN1", HUB_VARIABLES[number - 1]
    hub_lan = Network(f"HUB{number}-LAN1", subnet="{{%s_PFX}}.0/24" % key, vlan_id="{{%s_VLAN}}" % key, advertise=org)
    application = Application(f"HUB{number}-LAN1", addresses=[variables[f"{key}_PFX"] + ".0/24"], protocols=["any"])
    profile = HubProfile(label, overlay=org, dns_servers=["8.8.8.8", "9.9.9.9"], interfaces=[
        on.wan0(static("{{WAN0_PFX}}.254/24", gateway="{{WAN0_PFX}}.1")),
        on.wan1(static("{{WAN1_PFX}}.254/24", gateway="{{WAN1_PFX}}.1")),
        on.lan({hub_lan: "{{%s_PFX}}.1/24" % key}), *on.links])
    into_lan = Steering("hub-lan", profile=profile, paths=[local(hub_lan)]) if on.steers_into_lan else None
    Policy("spoke-to-hub-lan", profile=profile, networks=[spoke_lan], action="allow", applications=[application], steering=into_lan)
    pair(label, on, variables, profile=profile)
    return Hub(profile, hub_lan, application)

def spoke_template(on: Platform, h1: HubProfile, h2: HubProfile, spoke_lan: Network, guest: Network) -> WanEdgeTemplate:
    return WanEdgeTemplate("ha-spoke", interfaces=[
        on.wan0(dhcp(), overlay=[h1.endpoint("wan0"), h2.endpoint("wan0")]),
        on.wan1(static("{{WAN1_IP}}/25", gateway="{{WAN1_GW}}"), overlay=[h1.endpoint("wan1"), h2.endpoint("wan1")]),
        on.lan({spoke_lan: "{{SPOKE_LAN1_PFX}}.1/24", guest: "{{SPOKE_GUEST_PFX}}.1/24"}), *on.links])

def spoke_policies(on: Platform, spoke: WanEdgeTemplate, h1: Hub, h2: Hub, spoke_lan: Network, guest: Network) -> None:
    anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
    spokes = Application("SPOKE-LAN1", addresses=["10.0.0.0/8"], protocols=["any"])
    public_dns = Application("public-dns", addresses=["8.8.8.8/32", "9.9.9.9/32"], protocols=["udp/53", "tcp/53"])
    to_h1 = Steering("Overlay", template=spoke, strategy="ecmp", paths=[h1.profile.endpoint("wan0"), h1.profile.endpoint("wan1")])
    pri_wan0 = Steering("pri-wan0", template=spoke, paths=[spoke.wan("wan0"), spoke.wan("wan1")])
    only_wan1 = Steering("only-wan1", template=spoke, paths=[spoke.wan("wan1")])
    to_h2 = Steering("Overlay-h2", template=spoke, strategy="ecmp", paths=[h2.profile.endpoint("wan0"), h2.profile.endpoint("wan1")])
    def allow(label: str, networks: list[Network], application: Application, steering: Steering) -> None:
        Policy(label, template=spoke, networks=networks, action="allow", applications=[application], steering=steering)
    allow("spoke-to-hub1", [spoke_lan], h1.application, to_h1)
    allow("spoke-to-hub2", [spoke_lan], h2.application, to_h2)
    allow("public-dns", [spoke_lan, guest], public_dns, pri_wan0)             # before guest-internet, which would shadow it (HA107)
    allow("guest-internet", [guest], anything, only_wan1)
    if on.steers_into_lan:
        allow("hub-to-spoke", [h1.lan, h2.lan], spokes, Steering("spoke-lan", template=spoke, paths=[local(spoke_lan)]))

def pair(label: str, on: Platform, variables: Mapping[str, str],
         profile: HubProfile | None = None, template: WanEdgeTemplate | None = None) -> None:
    site = Site(f"{label}-site", country_code="US", timezone="America/New_York", variables=variables)
    cluster = Cluster(label, site=site, profile=profile, template=template,
                      model=on.model, firmware=on.firmware, nodes=on.pairs[label], cluster_id=on.cluster_ids.get(label),
                      attested=attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20"))
    output(f"{label}_device_id", cluster.id)
