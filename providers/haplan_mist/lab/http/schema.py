"""Request bodies held against the published schemas.

Source: Mist OpenAPI 2509.1.2 (`schemas.json`, see LICENSE.mist-openapi). The document declares OpenAPI 3.1 and uses
3.0's `nullable`, so `nullable: true` counts as "type or null". Unknown keys are accepted: the cloud stores them.
Formats other than `uuid` are not held, because most string positions take `{{variables}}`.
"""

import functools
import json
import pathlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from haplan.plugin import Tree

Check = Callable[[Any, str], str | None]
"""Gets a value and its path, answers what is wrong with it."""

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


@functools.cache
def _document() -> dict[str, Tree]:
    loaded: dict[str, Tree] = json.loads(pathlib.Path(__file__).with_name("schemas.json").read_text(encoding="utf-8"))
    return loaded


def named(name: str) -> Mapping[str, Tree]:
    """A schema by its name in the published document."""
    found: Mapping[str, Tree] = _document()["schemas"][name]
    return found


def operation(method: str, template: str) -> Mapping[str, Tree] | None:
    """The request schema of an operation, or None when it takes no body."""
    found: Mapping[str, Tree] | None = _document()["operations"].get(f"{method} {template}")
    return found


def problem(schema: str, body: Tree, *, partial: bool = False) -> str | None:
    """What is wrong with `body`; `partial` is a PUT, which need not carry required top-level keys."""
    if partial and isinstance(body, dict):
        return _partial(schema)(body, "")
    return _compiled(schema)(body, "")


@functools.lru_cache(1000)
def read_only(name: str) -> frozenset[str]:
    """Top-level keys that only the server sets."""
    properties = named(name).get("properties", {})
    return frozenset(key for key, value in properties.items() if _resolved(value).get("readOnly"))


def required(name: str) -> frozenset[str]:
    """Top-level keys that an object has to have."""
    return frozenset(_resolved(named(name)).get("required", ()))


@functools.lru_cache(1000)
def defaults(name: str) -> Mapping[str, Tree]:
    """Documented defaults of the top-level keys."""
    properties = {key: _resolved(value) for key, value in named(name).get("properties", {}).items()}
    return {key: value["default"] for key, value in properties.items() if value.get("default") is not None}


def _resolved(schema: Mapping[str, Tree]) -> Mapping[str, Tree]:
    while "$ref" in schema:
        schema = named(schema["$ref"])
    return schema


@functools.lru_cache(1000)
def _compiled(name: str) -> Check:
    return _compile(named(name))


@functools.lru_cache(1000)
def _partial(name: str) -> Check:
    schema = dict(named(name))
    schema.pop("required", None)
    return _compile(schema)


def _reference(name: str) -> Check:
    # late, because schemas refer to each other in circles
    return lambda value, path: _compiled(name)(value, path)


def _compile(schema: Mapping[str, Tree]) -> Check:
    if "$ref" in schema:
        return _reference(schema["$ref"])
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _any_of([_compile(inner) for inner in schema[choice]], bool(schema.get("nullable")))
    checks = [
        *_type_check(schema),
        *(_compile(inner) for inner in schema.get("allOf", ())),
        *_limits(schema),
        *_object_checks(schema),
        *_list_checks(schema),
    ]
    if schema.get("nullable"):
        return lambda value, path: None if value is None else _first(checks, value, path)
    return lambda value, path: _first(checks, value, path)


def _first(checks: list[Check], value: Tree, path: str) -> str | None:
    for check in checks:
        wrong = check(value, path)
        if wrong:
            return wrong
    return None


def _any_of(choices: list[Check], nullable: bool) -> Check:
    def check(value: Tree, path: str) -> str | None:
        if nullable and value is None:
            return None
        wrong = [choice(value, path) for choice in choices]
        return None if None in wrong else wrong[0]

    return check


def _type_check(schema: Mapping[str, Tree]) -> list[Check]:
    kind = schema.get("type")
    if not isinstance(kind, str):
        return []
    fits = TYPES[kind]
    article = "an" if kind[0] in "aoi" else "a"

    def check(value: Tree, path: str) -> str | None:
        return None if fits(value) else f"{path or 'body'}: must be {article} {kind}"

    return [check]


def _limits(schema: Mapping[str, Tree]) -> list[Check]:
    checks: list[Check] = []
    if "enum" in schema:
        allowed = schema["enum"]
        checks.append(lambda v, path: None if v in allowed else f'{path}: "{v}" is not a valid choice')
    if schema.get("format") == "uuid":
        checks.append(lambda v, path: None if not isinstance(v, str) or UUID.fullmatch(v) else f"{path}: not a UUID")
    for key, measure, wrong in LIMITS:
        if key in schema:
            checks.append(_limit(schema[key], measure, wrong))
    return checks


LIMITS: tuple[tuple[str, Callable[[Any, Any], bool], str], ...] = (
    ("minimum", lambda value, limit: value >= limit, "must be at least {}"),
    ("maximum", lambda value, limit: value <= limit, "must be at most {}"),
    ("minLength", lambda value, limit: len(value) >= limit, "must have at least {} characters"),
    ("maxLength", lambda value, limit: len(value) <= limit, "must have at most {} characters"),
    ("minItems", lambda value, limit: len(value) >= limit, "must have at least {} items"),
    ("maxItems", lambda value, limit: len(value) <= limit, "must have at most {} items"),
)


def _limit(limit: Any, holds: Callable[[Any, Any], bool], wrong: str) -> Check:
    return lambda value, path: None if holds(value, limit) else f"{path}: {wrong.format(limit)}"


def _object_checks(schema: Mapping[str, Tree]) -> list[Check]:
    properties = {key: _compile(value) for key, value in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    extra = schema.get("additionalProperties")
    others = _compile(extra) if isinstance(extra, Mapping) and extra else None
    if not (properties or required or others):
        return []

    def check(value: Tree, path: str) -> str | None:
        if not isinstance(value, dict):
            return None
        for key in required:
            if key not in value:
                return f"{_join(path, key)}: this field is required"
        for key, inner in value.items():
            test = properties.get(key) or others
            wrong = test(inner, _join(path, key)) if test else None
            if wrong:
                return wrong
        return None

    return [check]


def _list_checks(schema: Mapping[str, Tree]) -> list[Check]:
    if "items" not in schema:
        return []
    inner = _compile(schema["items"])

    def check(value: Tree, path: str) -> str | None:
        if not isinstance(value, list):
            return None
        wrong = (inner(entry, f"{path}[{index}]") for index, entry in enumerate(value))
        return next((text for text in wrong if text), None)

    return [check]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
