"""Write `schemas.json`: what the simulator checks request bodies against.

Usage: `python make_schemas.py PATH/TO/mist.openapi.subset.json`. Takes the request schemas of every POST and PUT of the
Mist OpenAPI document 2509.1.2 (mistsys/mist_openapi, MIT, see LICENSE.mist-openapi) and every schema they reach, and
leaves out the prose. Nothing is changed by hand.
"""

import json
import pathlib
import sys
from typing import Any

from haplan.plugin import Tree, sorted_json

PROSE = {"description", "example", "examples", "title", "deprecated", "externalDocs"}
PREFIX = "/api/v1"


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    document = json.loads(source.read_text())
    schemas = document["components"]["schemas"]
    operations = dict(_operations(document))
    names: set[str] = set()
    _reach(operations, schemas, names)
    trimmed = {
        "source": f"mistsys/mist_openapi {document['info']['version']}, MIT, Copyright (c) 2020 Thomas Munzer",
        "operations": operations,
        "schemas": {name: _trim(schemas[name]) for name in sorted(names)},
    }
    target.write_text(sorted_json(tight=True)(trimmed) + "\n")


def _operations(document: dict[str, Tree]) -> list[tuple[str, Tree]]:
    found = []
    for path, methods in document["paths"].items():
        for method in ("post", "put"):
            body = methods.get(method, {}).get("requestBody")
            if body:
                key = f"{method.upper()} {path.removeprefix(PREFIX)}"
                found.append((key, _trim(body["content"]["application/json"]["schema"])))
    return found


def _reach(node: Any, schemas: dict[str, Tree], names: set[str]) -> None:
    if isinstance(node, list):
        for value in node:
            _reach(value, schemas, names)
    elif isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            name = reference.rsplit("/", 1)[-1]
            if name not in names:
                names.add(name)
                _reach(schemas[name], schemas, names)
        for value in node.values():
            _reach(value, schemas, names)


def _trim(schema: Any) -> Tree:
    """The schema without prose; a property that happens to be called `description` stays."""
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Tree] = {}
    for key, value in schema.items():
        if key in PROSE or key.startswith("x-"):
            continue
        if key == "properties":
            out[key] = {name: _trim(inner) for name, inner in value.items()}
        elif key in ("oneOf", "anyOf", "allOf"):
            out[key] = [_trim(inner) for inner in value]
        elif key in ("items", "additionalProperties"):
            out[key] = _trim(value)
        elif key == "$ref":
            out[key] = value.rsplit("/", 1)[-1]
        else:
            out[key] = value
    return out


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name("schemas.json"))
