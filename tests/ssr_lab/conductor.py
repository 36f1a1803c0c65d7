"""A served conductor with its clients, and what most tests do with it."""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs
import httpx

from haplan_ssr.lab import Lab, Served

CANDIDATE, RUNNING = "/config/candidate", "/config/running"


@attrs.frozen
class Client:
    """One user's client, as anybody would write it; it logs in when it is first used."""

    http: httpx.Client
    user: str
    password: str = attrs.field(repr=False)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        if "Authorization" not in self.http.headers:
            self.login()
        return self.http.request(method, path, json=body)

    def login(self) -> str:
        """A fresh token, used from here on."""
        answer = self.http.post("/login", json={"username": self.user, "password": self.password})
        token: str = answer.json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        return token

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of a call that must work."""
        answer = self.call(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and message of a call that must not."""
        answer = self.call(method, path, body)
        assert answer.is_error, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.status_code, answer.json()["message"]

    def put(self, **lists: Any) -> None:
        """Merge into the candidate's authority (`_` for `-`)."""
        self.ok("PATCH", f"{CANDIDATE}/authority", {name.replace("_", "-"): value for name, value in lists.items()})

    def commit(self, **body: Any) -> Any:
        return self.ok("POST", "/config/commit", body or {"distributed": False})

    def validate(self) -> Any:
        return self.ok("POST", "/config/validate", {"distributed": False})

    def dirty(self) -> bool:
        return bool(self.ok("GET", "/config/version?datastore=candidate")["isDirty"])

    def running(self, path: str = "") -> Any:
        return self.ok("GET", f"{RUNNING}/authority{path}")

    def candidate(self, path: str = "") -> Any:
        return self.ok("GET", f"{CANDIDATE}/authority{path}")

    def graphql(self, query: str, **variables: Any) -> Any:
        answer = self.ok("POST", "/graphql", {"query": query, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]


@attrs.frozen
class Conductor:
    """A served lab and its clients.

    Attributes:
        api: haplan's account. person: another one that may write. reader: one that may not.
        admin: The lab's own surface.
    """

    lab: Lab
    served: Served
    api: Client
    person: Client
    reader: Client
    admin: httpx.Client

    def later(self, minutes: float) -> None:
        self.lab.clock.sleep(minutes * 60)

    def fault(self, **values: Any) -> None:
        answer = self.admin.post("/faults", json={"fault": [values]})
        assert answer.status_code == 200, answer.text

    def close(self) -> None:
        for http in (self.api.http, self.person.http, self.reader.http, self.admin):
            http.close()
        self.lab.stop()

    def calls(self) -> Mapping[str, int]:
        found: dict[str, int] = self.admin.get("/requests").json()
        return found


def connect(lab: Lab, served: Served) -> Conductor:
    """A served lab with a client for each user."""
    trust = ssl.create_default_context(cafile=str(served.ca_file))
    base = f"{served.url}/api/v1"
    clients = [
        Client(httpx.Client(base_url=base, verify=trust, trust_env=False, timeout=30), user, lab.password(user))
        for user in ("haplan", "pat", "reader")
    ]
    admin = httpx.Client(base_url=f"{served.url}/lab", verify=trust, trust_env=False)
    return Conductor(lab, served, *clients, admin)


def key(text: str) -> str:
    """A key in a path."""
    return quote(text, safe="")
