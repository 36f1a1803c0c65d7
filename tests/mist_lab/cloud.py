"""A served lab with its clients, and the few objects that most tests need."""

from typing import Any

import attrs
import httpx

from haplan_mist.lab import Device, Lab, Served

NODE0, NODE1 = "02005e100c30", "02005e100c31"
PAIR = (Device(mac=NODE0, serial="DEMO120S1A", model="SSR120"), Device(mac=NODE1, serial="DEMO120S1B", model="SSR120"))
SRX0, SRX1 = "02005e300c30", "02005e300c31"
SRX_PAIR = (
    Device(mac=SRX0, serial="DEMO300S1A", model="SRX300"),
    Device(mac=SRX1, serial="DEMO300S1B", model="SRX300"),
)


@attrs.frozen
class Cloud:
    """A served lab and its clients.

    Attributes:
        api: haplan's token. person: a user's. reader: one that may only read.
        admin: the lab's own surface.
    """

    lab: Lab
    served: Served
    api: httpx.Client
    person: httpx.Client
    reader: httpx.Client
    admin: httpx.Client

    @property
    def org(self) -> str:
        return f"/orgs/{self.served.org_id}"

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Answer of a call that must work."""
        answer = self.api.request(method, path, json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def new(self, path: str, **body: Any) -> Any:
        return self.ok("POST", f"{self.org}/{path}", body)

    def later(self, minutes: float) -> None:
        self.lab.clock.sleep(minutes * 60)

    def to_the_full_hour(self) -> None:
        """A little past it: the budget has just started anew."""
        self.lab.clock.sleep(3601 - self.lab.clock.now() % 3600)

    def assign(self, site_id: str, *macs: str) -> Any:
        return self.ok("PUT", f"{self.org}/inventory", {"op": "assign", "macs": list(macs), "site_id": site_id})

    def form(self, site_id: str, node0: str = NODE0, node1: str = NODE1) -> httpx.Response:
        path = f"/sites/{site_id}/devices/{device_id(node0)}/ha"
        return self.api.post(path, json={"nodes": [{"mac": node0}, {"mac": node1}]})

    def stats(self, mac: str = NODE0) -> Any:
        found = self.ok("GET", f"{self.org}/stats/devices?type=gateway&limit=1000&page=1")
        return next((entry for entry in found if entry["mac"] == mac), None)

    def events(self, mac: str = NODE0) -> list[str]:
        path = f"{self.org}/devices/events/search?device_type=gateway&limit=1000&mac={mac}"
        return [event["type"] for event in self.ok("GET", path)["results"]]

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = self.admin.get("/requests").json()
        return found


def device_id(mac: str) -> str:
    return f"00000000-0000-0000-1000-{mac}"


def template(**over: Any) -> dict[str, Any]:
    """A spoke template that works on a pair of SSR120."""
    body = {
        "name": "ha-spoke",
        "type": "spoke",
        "port_config": {
            "ge-0/0/0": {"usage": "wan", "name": "wan0", "ip_config": {"type": "dhcp"}},
            "ge-1/0/0": {"usage": "wan", "name": "wan1", "ip_config": {"type": "dhcp"}},
            "ge-0/0/4,ge-1/0/4": {"usage": "ha_data"},
            "ge-0/0/5,ge-1/0/5": {"usage": "ha_control"},
        },
        "path_preferences": {"pri": {"strategy": "ordered", "paths": [{"type": "wan", "name": "wan0"}]}},
    }
    return {**body, **over}
