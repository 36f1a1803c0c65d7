"""A stack in a folder, its simulated conductor, and somebody else who works on it."""

import ssl
from pathlib import Path
from typing import Any

import httpx

from haplan_ssr.lab import PERSON, USER, Lab, LabDefinition, read_definition
from tests.stack_world import StackWorld


class World(StackWorld):
    """A stack and its lab."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lab: Lab | None = None
        self._clients: dict[str, httpx.Client] = {}

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
