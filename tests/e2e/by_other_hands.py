"""Makes an organisation as people have them, with nothing but the mistapi package.

Run as a program: MIST_HOST, MIST_APITOKEN, MIST_ORG_ID, HTTPS_PROXY and REQUESTS_CA_BUNDLE as for any cloud; LAB_ADMIN
is the simulator's own surface, used only to let time pass.
"""

import os
import sys
from typing import Any

import mistapi
import requests
from mistapi.api.v1.orgs import (
    deviceprofiles,
    gatewaytemplates,
    inventory,
    networks,
    servicepolicies,
    services,
    sites,
    vpns,
)
from mistapi.api.v1.sites import devices, setting
from mistapi.api.v1.sites import sites as one_site

PAIRS = {"hub1": "02005e000010", "hub2": "02005e000020", "spoke1": "02005e000110", "spoke2": "02005e000120",
         "spoke3": "02005e000130"}  # fmt: skip
STANDALONE, SPARE = "02005e000900", "02005e000901"
LINKS = {"ge-0/0/4,ge-1/0/4": {"usage": "ha_data"}, "ge-0/0/5,ge-1/0/5": {"usage": "ha_control"}}


def node1(mac: str) -> str:
    return f"{mac[:-1]}1"


def good(answer: Any) -> Any:
    if answer.status_code != 200:
        sys.exit(f"{answer.url}: {answer.status_code} {answer.raw_data}")
    return answer.data


def hub(number: int) -> dict[str, Any]:
    ports = {
        f"ge-{node}/0/0": {
            "usage": "wan", "name": f"wan{node}", "wan_type": "broadband",
            "ip_config": {"type": "static", "ip": f"192.0.{number}{node}.9", "netmask": "/24",
                          "gateway": f"192.0.{number}{node}.1"},
            "vpn_paths": {f"h{number}-wan{node}.Corp": {"role": "hub"}},
        }
        for node in (0, 1)
    }  # fmt: skip
    core = {"via": "lan", "local_as": 65000, "neighbors": {f"10.20.{number}.2": {"neighbor_as": 65010}}}
    lan = {"usage": "lan", "networks": ["servers"], "redundant": True, "reth_node": "node0"}
    return {
        "name": f"hub{number}", "type": "gateway",
        "port_config": {**ports, "ge-0/0/3,ge-1/0/3": lan, **LINKS},
        "ip_configs": {"servers": {"type": "static", "ip": f"10.20.{number}.1", "netmask": "/24"}},
        "bgp_config": {"core": core}, "router_id": f"10.20.{number}.1",
    }  # fmt: skip


def template(policy: str) -> dict[str, Any]:
    wans = {
        f"ge-{node}/0/0": {
            "usage": "wan", "name": f"wan{node}", "ip_config": {"type": "dhcp"},
            "vpn_paths": {f"h{number}-wan{node}.Corp": {"role": "spoke"} for number in (1, 2)},
        }
        for node in (0, 1)
    }  # fmt: skip
    dhcp = {
        "type": "local", "ip_start": "{{NET}}.100", "ip_end": "{{NET}}.199", "lease_time": 86400,
        "options": {"150": {"type": "ip", "value": "10.20.1.50"}},
        "fixed_bindings": {"0200000000aa": {"ip": "{{NET}}.20", "name": "printer"}},
    }  # fmt: skip
    tunnel = {
        "provider": "custom-ipsec", "psk": "lab-PSK", "local_id": "branch@corp.example", "version": "2",
        "primary": {"wan_names": ["wan0"], "hosts": ["198.51.100.7"]},
    }  # fmt: skip
    out = {"name": "out", "tenants": ["office"], "services": ["any"], "action": "allow", "path_preference": "local"}
    return {
        "name": "branch", "type": "spoke",
        "port_config": {
            **wans, **LINKS,
            "ge-0/0/3,ge-1/0/3": {"usage": "lan", "networks": ["office"], "redundant": True, "reth_node": "node0"},
        },
        "ip_configs": {"office": {"type": "static", "ip": "{{NET}}.1", "netmask": "/24"}},
        "dhcpd_config": {"office": dhcp}, "tunnel_configs": {"cloud-firewall": tunnel},
        "path_preferences": {"local": {"strategy": "ordered", "paths": [{"type": "wan", "name": "wan0"},
                                                                       {"type": "wan", "name": "wan1"}]}},
        "service_policies": [{"servicepolicy_id": policy, "path_preference": "local"}, out],
        "extra_routes": {"10.99.0.0/16": {"via": "{{NET}}.254"}},
    }  # fmt: skip


def shared(session: mistapi.APISession, org: str) -> str:
    """What all sites use; gives the template's id."""
    good(networks.createOrgNetwork(session, org, {"name": "office", "subnet": "{{NET}}.0/24", "vlan_id": 10}))
    good(networks.createOrgNetwork(session, org, {"name": "servers", "subnet": "10.20.{{HUB}}.0/24", "vlan_id": 20}))
    good(services.createOrgService(session, org, {"name": "any", "addresses": ["0.0.0.0/0"]}))
    paths = {f"h{number}-wan{node}": {} for number in (1, 2) for node in (0, 1)}
    good(vpns.createOrgVpn(session, org, {"name": "Corp", "type": "hub_spoke", "paths": paths}))
    policy = {"name": "security says", "tenants": ["office"], "services": ["any"], "action": "deny"}
    policy_id = good(servicepolicies.createOrgServicePolicy(session, org, policy))["id"]
    good(gatewaytemplates.createOrgGatewayTemplate(session, org, {"name": "branch-2019", "type": "spoke"}))
    made: str = good(gatewaytemplates.createOrgGatewayTemplate(session, org, template(policy_id)))["id"]
    return made


def place(session: mistapi.APISession, org: str, name: str, number: int, template_id: str) -> str:
    """A site with its pair, asked to form."""
    site: str = good(sites.createOrgSite(session, org, {"name": name, "country_code": "DE"}))["id"]
    macs = [PAIRS[name], node1(PAIRS[name])]
    macs += {"spoke2": [STANDALONE], "spoke3": [SPARE]}.get(name, [])
    good(inventory.updateOrgInventoryAssignment(session, org, {"op": "assign", "macs": macs, "site_id": site}))
    if name.startswith("hub"):
        profile = good(deviceprofiles.createOrgDeviceProfile(session, org, hub(number)))["id"]
        good(setting.updateSiteSettings(session, site, {"vars": {"HUB": str(number)}}))
        good(deviceprofiles.assignOrgDeviceProfile(session, org, profile, {"macs": [PAIRS[name]]}))
    else:
        good(setting.updateSiteSettings(session, site, {"vars": {"NET": f"10.1.{number}"}}))
        good(one_site.updateSiteInfo(session, site, {"gatewaytemplate_id": template_id}))
    pair = {"nodes": [{"mac": PAIRS[name]}, {"mac": node1(PAIRS[name])}]}
    good(devices.createSiteDeviceHaCluster(session, site, device_of(name), pair))
    return site


def device_of(name: str) -> str:
    return f"00000000-0000-0000-1000-{PAIRS[name]}"


def let_pass(seconds: int) -> None:
    direct = {"http": "", "https": ""}
    requests.post(f"{os.environ['LAB_ADMIN']}/clock", json={"advance": seconds}, timeout=10, proxies=direct)


def main() -> None:
    org = os.environ["MIST_ORG_ID"]
    session = mistapi.APISession(console_log_level=50, show_cli_notif=False)
    session.login()
    template_id = shared(session, org)
    found = {name: place(session, org, name, number + 1 if number < 2 else number, template_id)
             for number, name in enumerate(PAIRS)}  # fmt: skip
    let_pass(3600)
    # at one spoke somebody set an address on the device itself; at another a path of the overlay that is not there
    own = {"ip_configs": {"office": {"type": "static", "ip": "10.1.3.2", "netmask": "/24"}}}
    good(devices.updateSiteDevice(session, found["spoke2"], device_of("spoke2"), own))
    wan = {
        "usage": "wan",
        "name": "wan0",
        "ip_config": {"type": "dhcp"},
        "vpn_paths": {"h9-wan0.Corp": {"role": "spoke"}},
    }
    broken = {"port_config": {"ge-0/0/0": wan}}
    good(devices.updateSiteDevice(session, found["spoke1"], device_of("spoke1"), broken))
    let_pass(600)


main()
