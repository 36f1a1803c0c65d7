"""Exchanges with the simulator held against the published Mist OpenAPI document.

`violations(exchange)` takes one line of the traffic files that the simulator writes when `HAPLAN_LAB_TRAFFIC` names a
folder, and answers in words what does not fit. Requests are held only where they were accepted: a refused one may well
be wrong. Responses are held wherever the document has a schema for their status.

The document declares OpenAPI 3.1 and uses 3.0's `nullable`; `nullable: true` is read as "type or null".
"""

import functools
import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from haplan_mist.lab.http import unknown

SUBSET = pathlib.Path(__file__).parents[2].parent / "shared" / "reference" / "mist.openapi.subset.json"
API = "/api/v1"

BEYOND_THE_DOCUMENT: dict[str, str] = {
    "PUT /sites/{site_id}/devices/{device_id}/ha": "documented for people only (Replace a Node); not in OpenAPI",
    "GET /orgs/{org_id}/logs/search": "newer versions of the API moved the audit log there",
    "GET /orgs/{org_id}/logs/count": "newer versions of the API moved the audit log there",
}
"""Operations that the simulator has and the document lacks, each with the reason."""

SPEC_DEFECTS: tuple[tuple[str, str, str], ...] = (
    (
        r".*/(config_history|last_config)/search$",
        r"'(channel_24|channel_5|secpolicy_violated)' is a required property",
        "one schema for access points serves all device types",
    ),
    (
        r".*/orgs/[^/]+/sites(/|$)|.*/sites/[^/]+/stats$",
        r"'(latlng|country_code|tzoffset)' is a required property",
        "the schema demands what the same document lets a site be created without",
    ),
    (
        r".*/setting/derived$",
        r"is not of type 'object' at \w+$",
        "the part for derived accounts demands that every key of the setting be an object",
    ),
    (
        r".*/devices/[^/]+/ha$",
        r"\[\] should be non-empty at nodes",
        "field reports: a standalone device may answer 200 without nodes",
    ),
)
"""What the document gets wrong: path, message, reason."""


@functools.cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SUBSET.read_text(encoding="utf-8"))
    loaded["components"]["schemas"] = {
        name: _nullable(schema) for name, schema in loaded["components"]["schemas"].items()
    }
    return loaded


def _nullable(node: Any) -> Any:
    """`nullable: true` written out."""
    if isinstance(node, list):
        return [_nullable(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    out = {key: _nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [out, {"type": "null"}]} if node.get("nullable") is True else out


@functools.cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Literal paths before those with variables, as a server would route them."""
    templates = sorted(document()["paths"], key=lambda template: (template.count("{"), template))
    return tuple((re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template) + "$"), template) for template in templates)


def template(path: str) -> str | None:
    """The path of the document that a path is one of."""
    return next((name for pattern, name in _paths() if pattern.match(path)), None)


def violations(exchange: Mapping[str, Any]) -> list[str]:
    """What is wrong with one exchange; nothing, mostly."""
    method, path, status = exchange["method"], exchange["path"], int(exchange["status"])
    found_at = template(path)
    operation = document()["paths"].get(found_at, {}).get(method.lower()) if found_at else None
    if operation is None:
        return list(_undocumented(method, path, status))
    found = list(_request(operation, exchange)) if 200 <= status < 300 else []
    found += _response(operation, exchange)
    return [f"{method} {path}: {text}" for text in found if not _known(path, text)]


def _undocumented(method: str, path: str, status: int) -> Iterator[str]:
    shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{}", path.removeprefix(API))
    beyond = {re.sub(r"\{[^}]+\}", "{}", key) for key in BEYOND_THE_DOCUMENT}
    in_the_whole = method == "GET" and unknown.kind(path.removeprefix(API))  # the document here is a part of it
    if f"{method} {shape}" not in beyond and not in_the_whole and status < 400:
        yield f"{method} {path}: answered {status}, but the document does not have it"


def _request(operation: Mapping[str, Any], exchange: Mapping[str, Any]) -> Iterator[str]:
    names = {_resolve(entry)["name"] for entry in operation.get("parameters", ()) if _resolve(entry)["in"] == "query"}
    for name in sorted(set(re.findall(r"(?:^|&)([^=&]+)", exchange.get("query") or "")) - names - PAGING):
        yield f"query parameter {name} is not documented"
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None or exchange.get("request") is None:
        return
    body = exchange["request"]
    partial = exchange["method"] == "PUT" and isinstance(body, dict)
    if partial:
        # a PUT merges: required keys may be missing, `-key` deletes
        body = {key: value for key, value in body.items() if not key.startswith("-")}
    for error in _validator(_key(content["schema"])).iter_errors(body):
        yield from (f"request: {text}" for text in _words(error) if not (partial and _is_merge(error, text)))


PAGING = frozenset({"search_after", "page", "limit"})
"""Cursors come in `next` links; paging works everywhere."""


def _is_merge(error: jsonschema.ValidationError, text: str) -> bool:
    if not error.absolute_path and error.validator in ("oneOf", "anyOf"):
        # a device's or profile's type is known from the stored object
        return all(not inner.absolute_path and inner.validator == "required" for inner in error.context or ())
    cleared = re.match(r"None is not of type .* at (\w+template_id|alarmtemplate_id|secpolicy_id)$", text)
    return bool(cleared) or (not error.absolute_path and error.validator == "required")


def _response(operation: Mapping[str, Any], exchange: Mapping[str, Any]) -> Iterator[str]:
    response = operation["responses"].get(str(exchange["status"]))
    if response is None:
        if exchange["status"] < 500:
            yield f"status {exchange['status']} is not documented"
        return
    content = _resolve(response).get("content", {}).get("application/json")
    if content is None or exchange.get("response") is None:
        return
    for error in _validator(_key(content["schema"])).iter_errors(exchange["response"]):
        yield from (f"response {exchange['status']}: {text}" for text in _words(error))


def _words(error: jsonschema.ValidationError) -> list[str]:
    """The error, or those of the choice that came nearest."""
    if error.validator in ("oneOf", "anyOf") and error.context:
        choices: dict[Any, list[jsonschema.ValidationError]] = {}
        for inner in error.context:
            choices.setdefault(inner.schema_path[0], []).append(inner)
        nearest = min(choices.values(), key=len)
        return [text for inner in nearest for text in _words(inner)]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return [f"{error.message[:300]} at {where.lstrip('.') or 'body'}"]


def _known(path: str, text: str) -> bool:
    return any(re.match(where, path) and re.search(what, text) for where, what, _ in SPEC_DEFECTS)


def _resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        found: Any = document()
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


def _key(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@functools.cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    whole = {**_nullable(json.loads(schema)), "components": document()["components"]}
    # the document as one resource: references resolve inside it
    return jsonschema.Draft202012Validator(whole)
