"""Write `below.json`: which keys may stand below the top level of each object.

Usage: `python make_below.py`. Made of the schemas that the simulator holds bodies against (Mist OpenAPI 2509.1.2,
mistsys/mist_openapi, MIT, see LICENSE.mist-openapi beside them), with what 2606.1.0 added. A list is as its entries;
``*`` stands for any name; null says that the description leaves it open.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from haplan.plugin import Tree, sorted_json

OBJECTS = {
    "site": "site", "site_setting": "site_setting", "overlay": "vpn", "network": "network", "application": "service",
    "gateway": "gateway_template", "policy": "service_policy", "port": "gateway_port_config",
    "path": "gateway_path_preferences_path", "device": "device_gateway",
}  # fmt: skip
_BGP: Mapping[str, Tree] = {"bgp_config": {"*": {"neighbors": {"*": {"tunnel_via": {}}}}}}
ADDED: Mapping[str, Tree] = {"gateway": _BGP, "device": _BGP}
Keys = dict[str, Any] | None


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    schemas = json.loads(source.read_text(encoding="utf-8"))["schemas"]
    made = {name: _below(_keys(schemas, schemas[schema], ())) for name, schema in OBJECTS.items()}
    target.write_text(sorted_json(tight=True)({name: _joined(made[name], ADDED.get(name, {})) for name in made}) + "\n")


def _below(keys: Keys) -> dict[str, Any]:
    """Of the top level those only that have something below."""
    return {key: value for key, value in (keys or {}).items() if value != {}}


def _keys(schemas: Mapping[str, Tree], schema: Mapping[str, Tree], above: tuple[str, ...]) -> Keys:
    name = schema.get("$ref")
    if name:
        return None if name in above else _keys(schemas, schemas[name], (*above, name))
    found: Keys = {}
    for inner in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        found = _joined(found, _keys(schemas, inner, above))
    if "items" in schema:
        return _joined(found, _keys(schemas, schema["items"], above))
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    own: Keys = {key: _keys(schemas, value, above) for key, value in properties.items()}
    if isinstance(more, Mapping) and more and own is not None:
        own["*"] = _keys(schemas, more, above)
    elif more or (schema.get("type") == "object" and not properties and more is None):
        own = None
    return _joined(found, own)


def _joined(one: Keys, other: Keys) -> Keys:
    if one is None or other is None:
        return None
    return {**one, **{key: _joined(one[key], value) if key in one else value for key, value in other.items()}}


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    main(here.parent / "lab" / "http" / "schemas.json", here / "below.json")
