"""Write `answers.json`: which paths of the cloud answer a list, and which the object of a search.

Usage: `python make_answers.py PATH/TO/mist.openapi.json`, with the whole Mist OpenAPI document 2509.1.2
(mistsys/mist_openapi, MIT, see LICENSE.mist-openapi). Nothing is changed by hand.
"""

import json
import pathlib
import re
import sys
from typing import Any

from haplan.plugin import Tree, sorted_json

PREFIX = "/api/v1"


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    document = json.loads(source.read_text())
    found: dict[str, list[str]] = {"list": [], "search": []}
    for path, methods in document["paths"].items():
        kind = _kind(document, methods.get("get", {}))
        if kind:
            found[kind].append(re.sub(r"\{\w+\}", "{}", path.removeprefix(PREFIX)))
    told = f"mistsys/mist_openapi {document['info']['version']}, MIT, Copyright (c) 2020 Thomas Munzer"
    made = {"source": told, **{kind: sorted(set(paths)) for kind, paths in found.items()}}
    target.write_text(sorted_json(tight=True)(made) + "\n")


def _kind(document: Tree, operation: Tree) -> str:
    """What a GET answers: "list", "search", or "" for any other object."""
    content = _resolved(document, operation.get("responses", {}).get("200", {})).get("content", {})
    schema = _resolved(document, content.get("application/json", {}).get("schema", {}))
    if schema.get("type") == "array":
        return "list"
    return "search" if {"results", "total"} <= schema.get("properties", {}).keys() else ""


def _resolved(document: Tree, node: Any) -> Any:
    while "$ref" in node:
        parts = node["$ref"].split("/")[1:]
        node = document
        for part in parts:
            node = node[part]
    return node


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name("answers.json"))
