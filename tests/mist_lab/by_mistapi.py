"""Drives a Mist organisation from empty to a formed pair with nothing but the mistapi package.

Run as a program: MIST_HOST, MIST_APITOKEN, MIST_ORG_ID, HTTPS_PROXY and REQUESTS_CA_BUNDLE as for any cloud;
LAB_ADMIN is the simulator's own surface, used only to let time pass. Prints one line of JSON.
"""

import json
import os
import sys
from typing import Any

import mistapi
import requests
from mistapi.api.v1.orgs import devices, gatewaytemplates, inventory, logs, networks, services, sites, stats, vpns
from mistapi.api.v1.sites import devices as site_devices
from mistapi.api.v1.sites import setting
from mistapi.api.v1.sites import sites as one_site

NODES = ["02005e100c30", "02005e100c31"]
TEMPLATE = {
    "name": "ha-spoke",
    "type": "spoke",
    "port_config": {
        "ge-0/0/0": {"usage": "wan", "name": "wan0", "vpn_paths": {"h1-wan0.OrgOverlay": {"role": "spoke"}}},
        "ge-1/0/0": {"usage": "wan", "name": "wan1"},
        "ge-0/0/3,ge-1/0/3": {"usage": "lan", "networks": ["LAN"], "redundant": True, "reth_node": "node0"},
        "ge-0/0/4,ge-1/0/4": {"usage": "ha_data"},
        "ge-0/0/5,ge-1/0/5": {"usage": "ha_control"},
    },
    "ip_configs": {"LAN": {"type": "static", "ip": "{{LAN_PFX}}.1", "netmask": "/24"}},
    "path_preferences": {
        "Overlay": {"strategy": "ecmp", "paths": [{"type": "vpn", "name": "h1-wan0"}]},
        "pri-wan0": {"paths": [{"type": "wan", "name": "wan0"}, {"type": "wan", "name": "wan1"}]},
    },
    "service_policies": [
        {"name": "out", "tenants": ["LAN"], "services": ["any"], "action": "allow", "path_preference": "pri-wan0"}
    ],
}


def good(answer: Any) -> Any:
    if answer.status_code != 200:
        sys.exit(f"{answer.url}: {answer.status_code} {answer.raw_data}")
    return answer.data


def prepare(session: mistapi.APISession, org: str) -> str:
    good(networks.createOrgNetwork(session, org, {"name": "LAN", "subnet": "{{LAN_PFX}}.0/24", "vlan_id": 10}))
    good(services.createOrgService(session, org, {"name": "any", "addresses": ["0.0.0.0/0"]}))
    good(vpns.createOrgVpn(session, org, {"name": "OrgOverlay", "type": "hub_spoke", "paths": {"h1-wan0": {}}}))
    template = good(gatewaytemplates.createOrgGatewayTemplate(session, org, TEMPLATE))
    site: str = good(sites.createOrgSite(session, org, {"name": "spoke1"}))["id"]
    good(setting.updateSiteSettings(session, site, {"vars": {"LAN_PFX": "10.99.99"}}))
    good(inventory.updateOrgInventoryAssignment(session, org, {"op": "assign", "macs": NODES, "site_id": site}))
    good(one_site.updateSiteInfo(session, site, {"gatewaytemplate_id": template["id"]}))
    return site


def pair_stats(session: mistapi.APISession, org: str) -> Any:
    found = mistapi.get_all(session, stats.listOrgDevicesStats(session, org, type="gateway", fields="*", limit=1))
    return next(entry for entry in found if entry["mac"] == NODES[0])


def wait(session: mistapi.APISession, org: str) -> tuple[Any, int]:
    """Poll once a (simulated) minute, for half an hour at most."""
    for minutes in range(30):
        entry = pair_stats(session, org)
        if entry["is_ha"] and entry.get("config_status") == "COMMITED":
            return entry, minutes
        requests.post(f"{os.environ['LAB_ADMIN']}/clock", json={"advance": 60}, timeout=10, proxies=NO_PROXY)
    sys.exit(f"not ready after half an hour: {json.dumps(entry)}")


NO_PROXY = {"http": "", "https": ""}


def main() -> None:
    org = os.environ["MIST_ORG_ID"]
    session = mistapi.APISession(console_log_level=50, show_cli_notif=False)
    session.login()
    site = prepare(session, org)
    head = f"00000000-0000-0000-1000-{NODES[0]}"
    nodes = {"nodes": [{"mac": mac} for mac in NODES]}
    good(site_devices.createSiteDeviceHaCluster(session, site, head, nodes))
    entry, minutes = wait(session, org)
    members = good(inventory.getOrgInventory(session, org, type="gateway", vc=True))
    events = good(devices.searchOrgDeviceEvents(session, org, device_type="gateway", mac=NODES[0]))["results"]
    print(
        json.dumps(
            {
                "minutes": minutes,
                "nodes": [entry["module_stat"][0]["mac"], entry["module2_stat"][0]["mac"]],
                "cluster": sorted({member["vc_mac"] for member in members}),
                "last_event": events[-1]["type"],
                "log_entries": good(logs.listOrgAuditLogs(session, org))["total"],
            }
        )
    )


main()
