"""The REST interface of a conductor, as far as haplan uses it: paths, and how answers are read.

The exact description is served by a running conductor only (/documentation/swagger). What is here comes from the
endpoint table in 128technology/docs (apis_rest, about release 4.2), intro_rest_graphql_apis, config_basics, and from
public scripts that drive conductors. It stands in one place so that it is easily corrected.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from haplan.plugin import Tree
from haplan_ssr.translate.tree import kebabs

BASE = "/api"
LOGIN = "/v1/login"
VERSION = "/v1/config/version"
VALIDATE = "/v1/config/validate"
COMMIT = "/v1/config/commit"
REVERT = "/v1/config/revertToRunning"
SYSTEM = "/v1/system"
ASSETS = "/v1/asset"
GRAPHQL = "/v1/graphql"
CANDIDATE = "/v1/config/candidate"
EDIT = "/config/edit"
"""The edit door of release 6.3, which is below no version (cc_fips_6.3.0_rest_graphql_apis)."""
WHOLE = "/config"
"""The path of the whole configuration in an edit."""
DISTRIBUTED = {"distributed": False}
"""Sent with validate and commit: which of the two is the default changed between releases."""

Store = Literal["candidate", "running"]

HEALTH = """query ($router: String) { allRouters(name: $router) { nodes { name
  nodes { nodes { name assetId
    connectivity { remoteRouterName remoteNodeName status }
    deviceInterfaces { nodes { name sharedPhysAddress state { operationalStatus redundancyStatus } } } } }
  peers { nodes { name paths { node networkInterface adjacentAddress status } } } } } }"""
"""What is asked of a router's health; fields as public scripts read them."""


@attrs.frozen
class Complaint:
    """One thing that validate or commit says.

    Attributes:
        message: The conductor's words.
        severity: ``warning`` if it says so; a candidate with warnings only is valid.
        where: Whatever else it says: router, path.
    """

    message: str
    severity: Literal["error", "warning"]
    where: tuple[str, ...] = ()


def tree_path(store: Store) -> str:
    """The whole tree of a store; leaves that are not set do not come back."""
    return f"/v1/config/{store}/"


def complaints(body: Tree) -> tuple[Complaint, ...]:
    """The answer of validate and commit: a list, empty if all is well, whatever the status says."""
    listed = body if isinstance(body, list) else []
    return tuple(_complaint(one) for one in listed)


def _complaint(one: Any) -> Complaint:
    if not isinstance(one, Mapping):
        return Complaint(str(one), "error")
    more = {str(key): value for key, value in one.items() if key != "message"}
    warns = any(str(value).lower() == "warning" for value in more.values())
    where = tuple(str(value) for value in more.values() if isinstance(value, str) and value.lower() != "error")
    return Complaint(str(one.get("message") or one), "warning" if warns else "error", where)


def merging(tree: Tree) -> list[Tree]:
    """The body of an edit that merges a tree, ``{"authority": {…}}``, into the candidate."""
    return [{"path": WHOLE, "type": "merge", "value": tree}]


def refused(body: Tree) -> str:
    """What the answer to an edit complains of, or "": its form is not documented but for "no errors reported"."""
    if isinstance(body, Mapping):
        body = body.get("errors") or ([body["error"]] if body.get("error") else [])
    return "; ".join(one.message for one in complaints(body) if one.severity == "error")


def is_dirty(body: Tree) -> bool:
    """True if the candidate differs from what runs."""
    return isinstance(body, Mapping) and str(kebabs(dict(body)).get("is-dirty", "")).lower() == "true"


def whose(body: Tree) -> str:
    """Whose uncommitted changes they are, where the conductor says; or ""."""
    said = kebabs(dict(body)) if isinstance(body, Mapping) else {}
    return next((str(said[key]) for key in ("user", "username", "owner", "last-modified-by") if said.get(key)), "")


def message_of(body: Tree) -> str:
    """What an error answer says, or ""."""
    return str(body.get("message") or body.get("error") or "") if isinstance(body, Mapping) else ""


@attrs.frozen(kw_only=True)
class Asset:
    """One box, as the conductor knows it.

    Attributes:
        id: Asset id.
        router, node: Where it is configured, or "".
        status: In lower case, such as ``running``, ``connected``, ``disconnected``.
        version: Software, or "".
        text: What the conductor says of it.
        lasting: Seconds that the status has lasted; without end where the conductor doesn't tell.
    """

    id: str
    router: str
    node: str
    status: str
    version: str = ""
    text: str = ""
    lasting: float = math.inf


def assets(body: Tree) -> tuple[Asset, ...]:
    """The list of assets."""
    listed: Sequence[Any] = body if isinstance(body, list) else []
    return tuple(_asset(kebabs(one)) for one in listed if isinstance(one, dict))


def _asset(one: Mapping[str, Tree]) -> Asset:
    version = next((str(value) for key, value in one.items() if key in ("t128-version", "t128version") and value), "")
    identity, router, node, status = (
        str(one.get(name) or "") for name in ("asset-id", "router-name", "node-name", "status")
    )
    lasting = one.get("status-duration-seconds")
    lasts = float(lasting) if isinstance(lasting, int | float) else math.inf
    return Asset(
        id=identity,
        router=router,
        node=node,
        status=status.lower(),
        version=version,
        text=str(one.get("text") or ""),
        lasting=lasts,
    )


def nodes(connection: Any) -> list[Mapping[str, Tree]]:
    """The objects of a GraphQL connection: ``nodes { … }`` or ``edges { node { … } }``, or a plain list."""
    if isinstance(connection, list):
        return [one for one in connection if isinstance(one, Mapping)]
    if not isinstance(connection, Mapping):
        return []
    if connection.get("nodes") is not None:
        return [one for one in connection["nodes"] if isinstance(one, Mapping)]
    return [edge["node"] for edge in connection.get("edges") or () if isinstance(edge.get("node"), Mapping)]
