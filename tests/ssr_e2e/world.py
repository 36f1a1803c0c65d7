"""A stack in a folder, its simulated conductor, and somebody else who works on it."""

import ssl
from pathlib import Path
from typing import Any

import httpx

from haplan import engine
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.session import Options, open_session
from haplan.steps.apply import Result
from haplan_ssr.lab import PERSON, USER, Lab, LabDefinition, read_definition


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
        self._clients: dict[str, httpx.Client] = {}

    # --- haplan ---

    def plan(self, **options: Any) -> Plan:
        """Make a plan."""
        with self.session(**options) as session:
            return engine.plan(session)

    def apply(self, plan: Plan | None = None, **options: Any) -> Result:
        """Carry out a plan, by default the one that would be made now."""
        with self.session(**options) as session:
            return engine.apply(session, plan or engine.plan(session))

    def destroy(self) -> Result:
        """Take everything away."""
        return self.apply(destroy=True)

    def session(self, **options: Any) -> Any:
        """A session; use it as a context manager."""
        self.events = []
        return open_session(self.folder, Options(lab=True, **options), observers=[self.events.append], environ={})

    def told(self) -> list[str]:
        """What people were told."""
        return [event.text for event in self.events if event.kind == "note"]

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of a stack file; `file` is relative to the stack."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def misbehave(self, text: str) -> None:
        """Write the lab's definition beside the stack: before the first command, or to change how it fails."""
        (self.folder / "lab.toml").write_text(text)

    # --- the conductor ---

    @property
    def lab(self) -> Lab:
        """The simulator, served once more in this process for other clients."""
        if self._lab is None:
            file = self.folder / "lab.toml"
            definition = read_definition(file) if file.exists() else LabDefinition()
            self._lab = Lab(self.folder / ".haplan" / "lab", definition=definition)
        return self._lab

    def client(self, user: str = PERSON) -> httpx.Client:
        """Somebody with an API client."""
        if user not in self._clients:
            served = self.lab.start()
            context = ssl.create_default_context(cafile=str(served.ca_file))
            client = httpx.Client(base_url=f"{served.url}/api/v1", verify=context, trust_env=False, timeout=30)
            answer = client.post("/login", json={"username": user, "password": self.lab.password(user)})
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            self._clients[user] = client
        return self._clients[user]

    def running(self) -> dict[str, Any]:
        """The running authority."""
        answer = self.client().get("/config/running/")
        if answer.status_code == 401:  # the login has run out
            self._clients.pop(PERSON).close()
            answer = self.client().get("/config/running/")
        found: dict[str, Any] = answer.json()["authority"]
        return found

    def router(self, name: str) -> dict[str, Any]:
        """A router that runs."""
        return next(dict(one) for one in self.running()["router"] if one["name"] == name)

    def service(self, name: str) -> dict[str, Any]:
        """A service that runs."""
        return next(dict(one) for one in self.running()["service"] if one["name"] == name)

    def change(self, method: str, path: str, body: Any = None, *, user: str = PERSON, commit: bool = True) -> None:
        """Somebody changes the configuration; without `commit` it stays in the candidate."""
        client = self.client(user)
        answer = client.request(method, f"/config/candidate{path}", json=body)
        assert answer.status_code < 300, answer.text
        if commit:
            assert client.post("/config/commit", json={"distributed": False}).json() == []

    def is_dirty(self, user: str = USER) -> bool:
        """True if the candidate of a user differs from what runs."""
        return bool(self.client(user).get("/config/version", params={"datastore": "candidate"}).json()["isDirty"])

    def calls(self, start: str = "") -> dict[str, int]:
        """Calls so far, by method and path."""
        found: dict[str, int] = self.client().get(f"{self.client().base_url.copy_with(path='/lab/requests')}").json()
        return {call: count for call, count in found.items() if call.startswith(start)}

    def fault(self, **fault: Any) -> None:
        """One exchange goes wrong from now on."""
        url = str(self.client().base_url.copy_with(path="/lab/faults"))
        answer = self.client().post(url, json={"fault": [fault], "replace": True})
        assert answer.status_code == 200, answer.text

    def box(self, **asset: Any) -> None:
        """Change a box."""
        url = str(self.client().base_url.copy_with(path="/lab/assets"))
        assert self.client().post(url, json=asset).status_code == 200

    def close(self) -> None:
        """Let go of connections and simulator."""
        for client in self._clients.values():
            client.close()
        if self._lab is not None:
            self._lab.stop()


def without_generated(tree: Any) -> Any:
    """A configuration without what the conductor makes and numbers itself."""
    if isinstance(tree, dict):
        kept = {name: without_generated(value) for name, value in tree.items() if name not in ("id", "global-id")}
        return {name: value for name, value in kept.items() if value not in ([], {})}
    if isinstance(tree, list):
        return [without_generated(one) for one in tree if not (isinstance(one, dict) and one.get("generated"))]
    return tree
