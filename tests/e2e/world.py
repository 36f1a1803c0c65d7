"""A stack in a folder, its simulated organisation, and a person at the portal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from haplan import engine
from haplan.model.event import Event
from haplan.model.plan import Action, Plan
from haplan.session import Options, open_session
from haplan.steps.apply import Result
from haplan_mist.lab import Lab

WRITES = ("POST", "PUT", "DELETE")


class World:
    """A stack and its lab.

    Attributes:
        folder: The stack's folder.
        events: Of the last command.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self._lab: Lab | None = None
        self._portal: httpx.Client | None = None

    # --- haplan ---

    def plan(self, **options: Any) -> Plan:
        """Make a plan."""
        self.events = []
        with open_session(
            self.folder, Options(lab=True, **options), observers=[self.events.append], environ={}
        ) as session:
            return engine.plan(session)

    def apply(self, **options: Any) -> Result:
        """Plan and apply."""
        self.events = []
        with open_session(
            self.folder, Options(lab=True, **options), observers=[self.events.append], environ={}
        ) as session:
            return engine.apply(session, engine.plan(session))

    def destroy(self) -> Result:
        """Take everything away."""
        return self.apply(destroy=True)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of a stack file; `file` is relative to the stack."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def misbehave(self, text: str) -> None:
        """Write the lab's definition beside the stack: before the first command, or to change how it fails."""
        (self.folder / "lab.toml").write_text(text)

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
            self._portal = httpx.Client(base_url=served.url, headers=token, trust_env=False)
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
