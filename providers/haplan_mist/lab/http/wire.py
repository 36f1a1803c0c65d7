"""What a handler gets and gives: calls and refusals; the table of routes."""

from collections.abc import Callable, Iterable, Mapping

import attrs

from haplan.lab.exchange import Answer, Refused
from haplan.plugin import Tree
from haplan_mist.lab.estate import Tx

NO_PERMISSION = {"detail": "You do not have permission to perform this action."}
NO_CREDENTIALS = {"detail": "Authentication credentials were not provided."}
NOT_FOUND = {"detail": "resource not found"}


def bad_request(detail: str) -> Refused:
    return Refused(400, {"detail": detail})


def not_found() -> Refused:
    return Refused(404, NOT_FOUND)


@attrs.frozen(kw_only=True)
class Caller:
    """Who calls.

    Attributes:
        key: the token.
        budget: what the calls are counted for: an org token, or the user behind user tokens and sessions.
        admin_id, actor, email: as the audit log names them.
        privileges: what the token may do.
    """

    key: str
    kind: str
    name: str
    budget: str
    admin_id: str | None
    actor: str
    email: str | None
    privileges: tuple[Mapping[str, Tree], ...]

    @property
    def log_name(self) -> str:
        return f"{self.actor} {self.email}" if self.email else self.actor

    def role(self, org_id: str, site_id: str | None = None) -> str | None:
        for right in self.privileges:
            if right["scope"] == "org" and right.get("org_id") == org_id:
                return str(right["role"])
            if right["scope"] == "site" and site_id and right.get("site_id") == site_id:
                return str(right["role"])
        return None


@attrs.define(kw_only=True)
class Call:
    """One call that passed the router.

    Attributes:
        tx: the transaction that everything happens in.
        template: path below /api/v1 with names for the variable parts.
        params: what these names stand for; `org_id` is always there for org and site paths.
        query: last value of each query parameter.
        headers: lower-case names.
        body: parsed JSON, None when there was none.
    """

    tx: Tx
    method: str
    path: str
    template: str
    params: dict[str, str]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Tree
    caller: Caller
    source: str = "127.0.0.1"

    @property
    def org_id(self) -> str:
        return self.params["org_id"]

    @property
    def site_id(self) -> str:
        return self.params["site_id"]

    def object_body(self) -> dict[str, Tree]:
        if not isinstance(self.body, dict):
            raise bad_request("body: must be an object")
        return self.body


Handler = Callable[[Call], Answer]


class Routes:
    """Paths below /api/v1 and who answers them, as a tree of path segments.

    Threads: any; filled where it is made, and never changed after that.
    """

    def __init__(self) -> None:
        self._root: dict[str, Tree] = {}
        self.known: list[tuple[str, str]] = []

    def add(self, method: str, template: str, handler: Handler) -> None:
        node = self._root
        for segment in template.strip("/").split("/"):
            node = node.setdefault("{}" if segment.startswith("{") else segment, {})
        if method in node.setdefault("", {}):
            raise ValueError(f"{method} {template} is there twice")
        node[""][method] = (template, handler)
        self.known.append((method, template))

    def include(self, routes: Iterable[tuple[str, str, Handler]]) -> None:
        for method, template, handler in routes:
            self.add(method, template, handler)

    def find(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]] | None:
        segments = path.strip("/").split("/")
        leaf = self._walk(self._root, segments)
        found = leaf.get(method) if leaf else None
        if found is None:
            return None
        template, handler = found
        names = template.strip("/").split("/")
        return template, handler, {n[1:-1]: s for n, s in zip(names, segments, strict=True) if n.startswith("{")}

    def _walk(self, node: dict[str, Tree], segments: list[str]) -> dict[str, Tree] | None:
        """The leaf for a path; a literal segment goes before a variable one."""
        if not segments:
            return node.get("")
        for key in (segments[0], "{}"):
            if key and key in node:
                leaf = self._walk(node[key], segments[1:])
                if leaf is not None:
                    return leaf
        return None
