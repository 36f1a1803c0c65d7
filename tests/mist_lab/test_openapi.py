"""What the simulator answers is what the published document describes."""

import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from haplan_mist.lab.http import make_schemas
from tests.mist_lab.cloud import NODE0, NODE1, Cloud, device_id, template
from tests.mist_lab.openapi import SUBSET, violations

pytestmark = pytest.mark.skipif(not SUBSET.exists(), reason=f"{SUBSET} is not here")

_ORG = (
    "", "/stats", "/setting", "/sites", "/sites/search", "/sites/count?distinct=timezone", "/sitegroups", "/networks",
    "/services", "/servicepolicies", "/vpns", "/gatewaytemplates", "/gatewaytemplates/{template}",
    "/deviceprofiles?type=gateway", "/idpprofiles", "/avprofiles", "/secintelprofiles", "/apitokens", "/logs",
    "/inventory?vc=true", "/inventory/search?type=gateway", "/inventory/count?distinct=model", "/devices",
    "/devices/summary", "/devices/search?type=gateway", "/devices/count?type=gateway&distinct=model",
    "/devices/events/search?device_type=gateway", "/devices/events/count?distinct=type",
    "/devices/last_config/search?device_type=gateway", "/devices/last_config/count?type=gateway&distinct=mac",
    "/devices/versions", "/ssr/versions", "/stats/devices?type=gateway&fields=*", "/stats/vpn_peers/search",
    "/stats/bgp_peers/search", "/stats/ports/search", "/alarms/search",
)  # fmt: skip
_SITE = (
    "", "/setting", "/setting/derived", "/networks/derived", "/services/derived", "/servicepolicies/derived",
    "/vpns/derived", "/gatewaytemplates/derived", "/deviceprofiles/derived", "/devices?type=gateway",
    "/devices/{device}", "/devices/{device}/ha", "/devices/search?type=gateway", "/devices/count?distinct=model",
    "/devices/events/search", "/devices/last_config/search?device_type=gateway",
    "/devices/config_history/search?type=gateway", "/stats/devices?type=gateway", "/stats/devices/{device}",
    "/stats/gateways/metrics", "/stats",
)  # fmt: skip
_CONST = (
    "device_models", "device_events", "default_gateway_config?model=SSR120&ha=true", "applications",
    "gateway_applications", "traffic_types", "app_categories", "app_subcategories", "alarm_defs",
)  # fmt: skip
SPEC_READS = (
    "/self", "/self/usage", *(f"/orgs/{{org}}{path}" for path in _ORG), *(f"/sites/{{site}}{path}" for path in _SITE),
    *(f"/const/{path}" for path in _CONST),
)  # fmt: skip
"""Every read that the simulator has and the published document describes."""


@pytest.fixture
def exchanges(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Iterator[Any]]:
    folder = tmp_path / "traffic"
    monkeypatch.setenv("HAPLAN_LAB_TRAFFIC", str(folder))

    def read() -> Iterator[Any]:
        for file in folder.iterdir():
            yield from map(json.loads, file.read_text().splitlines())

    return read


def test_every_read_of_a_living_organisation_fits_the_document(
    exchanges: Callable[[], Iterator[Any]], open_cloud: Callable[..., Cloud]
) -> None:
    cloud = open_cloud()
    made = cloud.new("gatewaytemplates", **template())["id"]
    site = cloud.new("sites", name="s", gatewaytemplate_id=made)["id"]
    cloud.assign(site, NODE0, NODE1)
    cloud.form(site)
    cloud.later(16)
    for path in SPEC_READS:
        cloud.ok("GET", path.format(org=cloud.served.org_id, site=site, device=device_id(NODE0), template=made))
    wrong = [text for exchange in exchanges() for text in violations(exchange)]
    assert wrong == []


def exchange(method: str, path: str, status: int, response: Any, request: Any = None, query: str = "") -> Any:
    return {
        "method": method,
        "path": f"/api/v1{path}",
        "status": status,
        "response": response,
        "request": request,
        "query": query,
    }


NETWORK = "/orgs/2818e386-8dec-2562-9ede-5b8a0fbbdc71/networks"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (exchange("POST", NETWORK, 200, {"name": "x"}, {"name": 5}), "request: 5 is not of type 'string' at name"),
        (exchange("POST", NETWORK, 200, {"name": "x"}, {}), "request: 'name' is a required property at body"),
        (exchange("GET", NETWORK, 200, {}), "response 200: {} is not of type 'array' at body"),
        (exchange("GET", NETWORK, 200, [], query="limit=5&limt=5"), "query parameter limt is not documented"),
        (exchange("GET", NETWORK, 201, []), "status 201 is not documented"),
        (exchange("GET", "/orgs/x/unheard", 200, []), "answered 200, but the document does not have it"),
        (exchange("GET", NETWORK, 401, {"detail": 5}), "response 401: 5 is not of type 'string' at detail"),
    ],
)
def test_what_does_not_fit_is_told(given: Any, said: str) -> None:
    assert any(said in text for text in violations(given)), violations(given)


@pytest.mark.parametrize(
    "given",
    [
        exchange("POST", NETWORK, 400, {"detail": "name"}, {}),
        exchange("PUT", f"{NETWORK}/x", 200, {"name": "x"}, {"-subnet": ""}),
        exchange("PUT", "/sites/x", 200, {"name": "x"}, {"gatewaytemplate_id": None}),
        exchange("GET", NETWORK, 503, "busy"),
        exchange("GET", NETWORK.replace("networks", "wlans"), 200, []),
    ],
)
def test_refused_requests_merges_outages_and_lists_of_the_whole_description_are_no_violation(given: Any) -> None:
    assert violations(given) == []


def test_the_schemas_that_requests_are_held_against_are_cut_from_the_document(tmp_path: pathlib.Path) -> None:
    make_schemas.main(SUBSET, tmp_path / "schemas.json")
    shipped = pathlib.Path(make_schemas.__file__).with_name("schemas.json")
    assert (tmp_path / "schemas.json").read_text() == shipped.read_text()
    assert shipped.stat().st_size < 400_000
    assert "Copyright (c) 2020 Thomas Munzer" in shipped.with_name("LICENSE.mist-openapi").read_text()
