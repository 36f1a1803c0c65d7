"""A stack in a folder, its simulated organisation, and a person at the portal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from haplan.model.plan import Action, Plan
from haplan_mist.lab import Lab
from tests.stack_world import StackWorld

WRITES = ("POST", "PUT", "DELETE")


class World(StackWorld):
    """A stack and its lab."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lab: Lab | None = None
        self._portal: httpx.Client | None = None

    # --- the organisation ---

    @property
    def lab(self) -> Lab:
        """The simulator, served once more in this process for other clients."""
        if self._lab is None:
            self._lab = Lab(self.folder / ".haplan" / "lab")
        return self._lab

    @property
    def portal(self) -> httpx.Client:
        """A person with an API client."""
        if self._portal is None:
            served = self.lab.start()
            token = {"Authorization": f"Token {self.lab.person_token}"}
            self._portal = httpx.Client(base_url=served.url, headers=token, trust_env=False, verify=False)
        return self._portal

    def get(self, path: str, **query: Any) -> Any:
        """Read below /api/v1; ``{org}`` stands for the organisation."""
        answer = self.portal.get("/api/v1" + path.format(org=self.lab.org_id), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: Any) -> None:
        """Change something in the portal."""
        answer = self.portal.put("/api/v1" + path.format(org=self.lab.org_id), json=body)
        assert answer.status_code == 200, answer.text

    def delete(self, path: str) -> None:
        """Delete something in the portal."""
        answer = self.portal.delete("/api/v1" + path.format(org=self.lab.org_id))
        assert answer.status_code == 200, answer.text

    def named(self, path: str, name: str, **query: Any) -> dict[str, Any]:
        """The one object of a name in a list."""
        found = [one for one in self.get(path, **query) if one.get("name") == name]
        assert len(found) == 1, f"{len(found)} objects named {name!r} in {path}"
        return dict(found[0])

    def template(self, name: str = "ha-spoke") -> dict[str, Any]:
        """A WAN edge template."""
        return self.named("/orgs/{org}/gatewaytemplates", name)

    def calls(self) -> dict[str, int]:
        """Calls so far, by method and path template."""
        found: dict[str, int] = self.portal.get("/lab/requests").json()
        return found

    def forget_calls(self) -> None:
        """Count calls from nothing again."""
        self.portal.delete("/lab/requests")

    def writes(self) -> dict[str, int]:
        """Calls that change something."""
        return {call: count for call, count in self.calls().items() if call.split(" ")[0] in WRITES}

    def snapshot(self) -> Mapping[str, Any]:
        """The organisation, without what moves by itself."""
        lists = ("sites", "networks", "services", "vpns", "gatewaytemplates")
        found = {name: self.get(f"/orgs/{{org}}/{name}") for name in lists}
        found["deviceprofiles"] = self.get("/orgs/{org}/deviceprofiles", type="gateway")
        inventory = self.get("/orgs/{org}/inventory", type="gateway", vc=True, limit=1000, page=1)
        found["inventory"] = sorted(
            (box["mac"], box.get("site_id"), box.get("vc_mac"), box.get("deviceprofile_id")) for box in inventory
        )
        return found

    def close(self) -> None:
        """Let go of the simulator."""
        if self._portal is not None:
            self._portal.close()
        if self._lab is not None:
            self._lab.stop()


def summary(plan: Plan) -> dict[str, str]:
    """Address → action of a plan's changes."""
    return {change.address: change.action.value for change in plan.changes}


def counts(plan: Plan) -> tuple[int, int, int, int]:
    """Creates, updates, replacements, deletions."""
    return (plan.count(Action.CREATE), plan.count(Action.UPDATE), plan.count(Action.REPLACE), plan.count(Action.DELETE))
