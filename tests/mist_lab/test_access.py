"""Who may call, and how often."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from haplan_mist.lab import Fault
from tests.mist_lab.cloud import Cloud

UNKNOWN = "11111111-2222-3333-4444-555555555555"
"""An identity of nothing."""


def test_a_call_without_or_with_a_wrong_token_is_answered_401(cloud: Cloud) -> None:
    for headers in ({}, {"Authorization": "Token nonsense"}, {"Authorization": "Bearer x"}):
        answer = httpx.get(f"{cloud.served.url}/api/v1/self", headers=headers, verify=False)
        assert answer.status_code == 401
        assert answer.json() == {"detail": "Authentication credentials were not provided."}


def test_self_tells_the_privileges_of_the_token(cloud: Cloud) -> None:
    body = cloud.ok("GET", "/self")
    assert body["privileges"][0] | {"name": ""} == {
        "scope": "org",
        "role": "admin",
        "org_id": cloud.served.org_id,
        "name": "",
    }
    assert cloud.person.get("/self").json()["email"] == "pat@lab.example"


def test_a_reader_reads_and_is_refused_to_write(cloud: Cloud) -> None:
    assert cloud.reader.get(f"{cloud.org}/sites").status_code == 200
    answer = cloud.reader.post(f"{cloud.org}/sites", json={"name": "x"})
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "You do not have permission to perform this action."},
    )


def test_an_organisation_that_the_token_does_not_know_is_answered_403(cloud: Cloud) -> None:
    assert cloud.api.get("/orgs/2818e386-8dec-2562-9ede-5b8a0fbbdc71/sites").status_code == 403


def test_a_token_made_for_a_role_has_that_role(cloud: Cloud) -> None:
    made = cloud.new("apitokens", name="auditor", privileges=[{"scope": "org", "role": "read"}])
    client = httpx.Client(base_url=cloud.api.base_url, headers={"Authorization": f"Token {made['key']}"}, verify=False)
    with client:
        assert client.get(f"{cloud.org}/networks").status_code == 200
        assert client.post(f"{cloud.org}/networks", json={"name": "x"}).status_code == 403
    shown = cloud.ok("GET", f"{cloud.org}/apitokens")
    assert made["key"] not in {entry["key"] for entry in shown}
    cloud.ok("DELETE", f"{cloud.org}/apitokens/{made['id']}")
    assert httpx.get(f"{client.base_url}self", headers=client.headers, verify=False).status_code == 401


def test_the_budget_is_counted_per_token_and_starts_anew_on_the_full_hour(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(budget=3)
    cloud.to_the_full_hour()
    for used in (1, 2, 3):
        assert cloud.ok("GET", "/self/usage")["requests"] == used
    answer = cloud.api.get("/self/usage")
    assert answer.status_code == 429
    assert "reached the 3 API Calls per hour threshold" in answer.json()["detail"]
    wait = int(answer.headers["retry-after"])
    assert 3500 < wait <= 3600
    assert cloud.person.get("/self/usage").json()["requests"] == 1
    cloud.lab.clock.sleep(wait)
    assert cloud.ok("GET", "/self/usage")["requests"] == 1


def test_a_session_needs_its_csrf_token_to_write(cloud: Cloud) -> None:
    with httpx.Client(base_url=cloud.api.base_url, verify=False) as browser:
        wrong = browser.post("/login", json={"email": "pat@lab.example", "password": "guess"})
        assert wrong.status_code == 400
        assert "detail" in wrong.json()
        right = browser.post("/login", json={"email": "pat@lab.example", "password": "lab"})
        assert right.status_code == 200
        assert browser.get("/self").status_code == 200
        assert browser.post(f"{cloud.org}/sites", json={"name": "s"}).status_code == 403
        browser.headers["X-CSRFToken"] = browser.cookies["csrftoken"]
        assert browser.post(f"{cloud.org}/sites", json={"name": "s"}).status_code == 200
        assert browser.post("/logout").status_code == 200
        assert browser.get("/self").status_code == 401


def test_a_list_that_is_not_simulated_is_empty_and_an_object_is_not_there(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        answer = cloud.api.get(f"{cloud.org}/wlans")
        assert (answer.status_code, answer.json(), answer.headers["X-Page-Total"]) == (200, [], "0")
    for method, path in (("GET", "wlans/x"), ("POST", "wlans"), ("GET", "no_such_thing")):
        answer = cloud.api.request(method, f"{cloud.org}/{path}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "resource not found"})
    found = cloud.ok("GET", f"{cloud.org}/webhooks/{UNKNOWN}/events/count?distinct=status")
    assert (found["distinct"], found["total"], found["results"]) == ("status", 0, [])
    told = [one.message.split(": ", 2)[2] for one in caplog.records]
    assert told == [
        "GET /api/v1/orgs/{}/wlans, answered with an empty list",
        "GET /api/v1/orgs/{}/wlans/x, answered with 404",
        "POST /api/v1/orgs/{}/wlans, answered with 404",
        "GET /api/v1/orgs/{}/no_such_thing, answered with 404",
        "GET /api/v1/orgs/{}/webhooks/{}/events/count, answered with nothing found",
    ]


def test_what_is_not_simulated_is_open_to_those_only_who_may_see_the_organisation(cloud: Cloud) -> None:
    assert cloud.api.get(f"/orgs/{UNKNOWN}/wlans").status_code == 403
    assert cloud.reader.post(f"{cloud.org}/wlans", json={}).status_code == 403
    assert httpx.get(f"{cloud.served.url}/api/v1{cloud.org}/wlans").status_code == 401


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_dropped_answer_leaves_the_change_or_not_as_it_was_told(open_cloud: Callable[..., Cloud], drop: Any) -> None:
    cloud = open_cloud(faults=(Fault(on="POST /orgs/*/networks", drop=drop),))
    with pytest.raises(httpx.RemoteProtocolError):
        cloud.new("networks", name="LAN")
    names = [network["name"] for network in cloud.ok("GET", f"{cloud.org}/networks")]
    assert names == (["LAN"] if drop == "after" else [])
    cloud.new("networks", name="LAN")
    assert len(cloud.ok("GET", f"{cloud.org}/networks")) == len(names) + 1


def test_a_fault_strikes_the_nth_call_and_as_many_as_told(open_cloud: Callable[..., Cloud]) -> None:
    fault = Fault(on="GET /orgs/*/sites", nth=2, times=2, status=503, body="busy", retry_after=7)
    cloud = open_cloud(faults=(fault,))
    answers = [cloud.api.get(f"{cloud.org}/sites") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].json() == {"detail": "busy"}
    assert answers[1].headers["retry-after"] == "7"


def test_an_error_can_be_answered_although_the_change_is_stored(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(faults=(Fault(on="POST /orgs/*/networks", status=502, stored=True),))
    assert cloud.api.post(f"{cloud.org}/networks", json={"name": "LAN"}).status_code == 502
    assert [network["name"] for network in cloud.ok("GET", f"{cloud.org}/networks")] == ["LAN"]


def test_a_star_in_a_fault_stays_within_a_segment(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(faults=(Fault(on="GET /orgs/*/devices", status=500), Fault(on="GET /self/**", status=503)))
    assert cloud.api.get(f"{cloud.org}/stats/devices").status_code == 200
    assert cloud.api.get(f"{cloud.org}/devices").status_code == 500
    assert cloud.api.get("/self").status_code == 200
    assert cloud.api.get("/self/usage").status_code == 503


def test_a_delay_lets_simulated_time_pass(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(faults=(Fault(on="GET /self", delay=3600),))
    before = cloud.lab.clock.now()
    cloud.ok("GET", "/self")
    assert 3600 <= cloud.lab.clock.now() - before < 3660


def test_faults_can_be_set_while_it_runs(cloud: Cloud) -> None:
    given = {"fault": [{"on": "GET /self", "status": 500, "times": 0}], "replace": True}
    assert cloud.admin.post("/faults", json=given).status_code == 200
    assert cloud.api.get("/self").status_code == 500
    assert cloud.admin.get("/faults").json()[0]["seen"] == 1
    cloud.admin.delete("/faults")
    assert cloud.api.get("/self").status_code == 200
    wrong = cloud.admin.post("/faults", json={"fault": [{"on": "GET /self", "stat": 1}]})
    assert wrong.status_code == 400
    assert "fault[0].stat: unknown key" in wrong.json()["detail"]


def test_calls_are_counted_by_path_template(cloud: Cloud) -> None:
    cloud.new("networks", name="a")
    cloud.new("networks", name="b")
    assert cloud.calls() == {"POST /orgs/{org_id}/networks": 2}
    cloud.admin.delete("/requests")
    assert cloud.calls() == {}


def test_the_clock_is_shared_and_only_goes_forward(cloud: Cloud) -> None:
    before = cloud.admin.get("/clock").json()["now"]
    after = cloud.admin.post("/clock", json={"advance": 100}).json()["now"]
    assert after - before >= 100
    assert cloud.lab.clock.now() >= after
    assert cloud.admin.post("/clock", json={"advance": -1}).status_code == 400
