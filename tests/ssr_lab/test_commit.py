"""Validate and commit: the vendor's messages, nothing half done, two users at once."""

from collections.abc import Callable

import httpx
import pytest

from haplan_ssr.lab import Fault
from tests.ssr_lab.conductor import CANDIDATE, Conductor
from tests.ssr_lab.conftest import load
from tests.ssr_model.example import at, authority

WAN0 = "/router/spoke1/node/node0/device-interface/ge-0-0/network-interface/wan0"


def test_a_valid_candidate_runs_after_its_commit_and_is_no_longer_dirty(conductor: Conductor) -> None:
    assert not conductor.api.dirty()
    conductor.api.ok("PATCH", f"{CANDIDATE}/", authority())
    assert conductor.api.dirty()
    assert conductor.api.validate() == []
    assert conductor.api.dirty()
    assert conductor.api.commit() == []
    assert not conductor.api.dirty()
    assert conductor.api.running("/router/spoke1/node/node1")["asset-id"] == "spoke1-1"
    assert conductor.api.candidate() == conductor.api.running()


@pytest.mark.parametrize("body", [None, {}, {"distributed": True}])
def test_a_commit_takes_each_of_the_bodies_that_clients_send(conductor: Conductor, body: object) -> None:
    conductor.api.put(tenant=[{"name": "guest"}])
    assert conductor.api.ok("POST", "/config/commit", body) == []
    assert conductor.api.refused("POST", "/config/commit", {"force": True}) == (400, "force: unknown element")


def test_an_invalid_candidate_is_told_in_the_vendors_words_and_not_committed(example: Conductor) -> None:
    api = example.api
    before = api.running()
    api.put(service=[{"name": "corp", "service-policy": "nope"}])
    api.ok("PATCH", f"{CANDIDATE}/authority{WAN0}/neighborhood/h1-wan0", {"qp-value": 3})
    said = [{"message": "Cannot use vector and qp-value together."},
            {"message": "'nope' does not exist: it refers to authority/service-policy/name"}]  # fmt: skip
    assert api.validate() == said
    answer = api.call("POST", "/config/commit", {"distributed": False})
    assert (answer.status_code, answer.json()) == (200, said)
    assert api.running() == before
    assert api.dirty()
    api.ok("POST", "/config/revertToRunning")
    assert not api.dirty()
    assert api.candidate() == before


def test_what_an_incomplete_entry_lacks_is_told_when_it_is_validated(conductor: Conductor) -> None:
    conductor.api.ok("POST", f"{CANDIDATE}/authority/router", {"name": "r1"})
    assert conductor.api.validate() == [{"message": "inter-node-security is required"}]


def test_problems_can_come_with_another_status_and_with_where_they_are(
    open_conductor: Callable[..., Conductor],
) -> None:
    api = open_conductor(invalid_status=400, problem_details=True).api
    api.ok("POST", f"{CANDIDATE}/authority/router", {"name": "r1"})
    answer = api.call("POST", "/config/validate")
    assert (answer.status_code, answer.json()) == (400, [{
        "message": "inter-node-security is required", "severity": "error", "router": "r1",
        "path": "authority/router/r1/inter-node-security",
    }])  # fmt: skip


def test_two_nodes_without_a_link_between_them_are_a_warning_that_is_told_where_asked_for(
    open_conductor: Callable[..., Conductor],
) -> None:
    tree = authority()
    for node in at(tree, "router/spoke1")["node"]:
        node["device-interface"].pop()
    for told in (True, False):
        api = open_conductor(folder=f"lab-{told}", tell_warnings=told, problem_details=True).api
        api.ok("PATCH", f"{CANDIDATE}/", tree)
        found = api.validate()
        assert [(one["severity"], one["path"]) for one in found] == [
            ("warning", "authority/router/spoke1/node/node0"), ("warning", "authority/router/spoke1/node/node1"),
        ][: 2 * told]  # fmt: skip
        assert api.commit() == found
        assert not api.dirty()


def test_a_node_that_is_added_to_a_running_router_is_a_warning(open_conductor: Callable[..., Conductor]) -> None:
    api = open_conductor(tell_warnings=True).api
    node = {"name": "node0", "role": "combo"}
    api.put(router=[{"name": "r1", "inter-node-security": "internal", "node": [node]}])
    assert api.commit() == []
    api.ok("POST", f"{CANDIDATE}/authority/router/r1/node", {"name": "node1", "role": "combo"})
    messages = [one["message"] for one in api.validate()]
    assert "field cannot be created while the system is running, the nodes must be restarted" in messages


def test_a_narrow_sync_link_and_two_services_of_one_address_are_refused_unless_the_lab_says_otherwise(
    open_conductor: Callable[..., Conductor],
) -> None:
    tree = authority()
    twin = {**at(tree, "service/corp"), "name": "corp-hub", "access-policy": [{"source": "hub-lan"}]}
    tree["authority"]["service"].append(twin)
    link = at(tree, "router/spoke1/node/node0/device-interface/ge-0-5/network-interface/ha-sync")
    link["address"] = [{"ip-address": "169.254.253.2", "prefix-length": 31}]
    taking = open_conductor(sync_31="take", same_address_services="take", folder="taking")
    for conductor in (open_conductor(), taking):
        conductor.api.ok("PATCH", f"{CANDIDATE}/", tree)
    assert taking.api.validate() == []
    said = [one["message"] for one in open_conductor().api.validate()]
    assert sorted(said) == ["prefix-length 31 is not supported here", "service corp has address 10.0.0.0/8 too"]


def test_a_validation_failure_can_be_played(open_conductor: Callable[..., Conductor]) -> None:
    said = [{"message": "Simulated."}]
    conductor = open_conductor(faults=(Fault(on="POST /config/validate", status=200, body=said),))
    assert conductor.api.validate() == said
    assert conductor.api.validate() == []


# --- The cut connection -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("drop", "committed"), [("before", False), ("after", True)])
def test_a_connection_is_cut_before_or_after_the_commit(conductor: Conductor, drop: str, committed: bool) -> None:
    conductor.fault(on="POST /config/commit", drop=drop)
    conductor.api.put(tenant=[{"name": "guest"}])
    with pytest.raises(httpx.RemoteProtocolError):
        conductor.api.commit()
    assert conductor.api.dirty() is not committed
    assert [one["name"] for one in conductor.api.running("/tenant")] == (["guest"] if committed else [])


def test_a_commit_can_answer_an_error_although_it_was_done(conductor: Conductor) -> None:
    conductor.fault(on="POST /config/commit", status=504, body="gateway timeout", stored=True)
    conductor.api.put(tenant=[{"name": "guest"}])
    assert conductor.api.refused("POST", "/config/commit") == (504, "gateway timeout")
    assert conductor.api.running("/tenant/guest") == {"name": "guest"}


def test_validating_and_committing_take_simulated_time(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor(validate_seconds=30.0, commit_seconds=90.0)
    before = conductor.lab.clock.now()
    conductor.api.validate()
    conductor.api.commit()
    assert 120 <= conductor.lab.clock.now() - before < 130


# --- Two users --------------------------------------------------------------------------------------------------------


def test_each_user_has_a_candidate_since_5_6(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor(version="5.6.0")
    conductor.api.put(tenant=[{"name": "mine"}])
    assert conductor.api.dirty()
    assert not conductor.person.dirty()
    assert conductor.person.candidate("/tenant") == []
    conductor.person.ok("POST", "/config/revertToRunning")
    assert conductor.api.dirty()


def test_all_users_share_one_candidate_before_5_6(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor(version="5.5.4")
    conductor.api.put(tenant=[{"name": "mine"}])
    assert conductor.person.dirty()
    conductor.person.put(tenant=[{"name": "theirs"}])
    assert conductor.person.commit() == []
    assert [one["name"] for one in conductor.api.running("/tenant")] == ["mine", "theirs"]
    assert not conductor.api.dirty()


def test_a_candidate_shows_the_configuration_it_was_begun_with(conductor: Conductor) -> None:
    conductor.api.put(tenant=[{"name": "mine"}])
    conductor.person.put(tenant=[{"name": "theirs"}])
    assert conductor.person.commit() == []
    assert [one["name"] for one in conductor.api.candidate("/tenant")] == ["mine"]
    assert [one["name"] for one in conductor.reader.candidate("/tenant")] == ["theirs"]


def test_a_commit_merges_into_what_another_user_has_committed(example: Conductor) -> None:
    example.api.ok("PATCH", f"{CANDIDATE}/authority{WAN0}", {"mtu": 1400})
    example.api.ok("POST", f"{CANDIDATE}/authority/tenant", {"name": "mine"})
    example.person.ok("PATCH", f"{CANDIDATE}/authority{WAN0}", {"icmp": "drop"})
    example.person.ok("PATCH", f"{CANDIDATE}/authority/router/spoke1", {"description": "theirs"})
    assert example.person.commit() == []
    assert example.api.commit() == []
    wan = example.api.running(WAN0)
    assert (wan["mtu"], wan["icmp"]) == (1400, "drop")
    assert example.api.running("/router/spoke1")["description"] == "theirs"
    assert example.api.running("/tenant/mine") == {"name": "mine"}


def test_what_conflicts_with_another_users_commit_is_dropped_and_the_rest_stays_in_the_candidate(
    example: Conductor,
) -> None:
    example.api.ok("PATCH", f"{CANDIDATE}/authority{WAN0}", {"mtu": 1400})
    example.api.ok("POST", f"{CANDIDATE}/authority/tenant", {"name": "mine"})
    example.person.ok("PATCH", f"{CANDIDATE}/authority{WAN0}", {"mtu": 1300})
    assert example.person.commit() == []
    (said,) = example.api.commit()
    assert said["message"] == (
        f"failed to commit authority{WAN0}/mtu: another user has committed conflicting changes"
    )  # fmt: skip
    assert example.api.running("/tenant") == example.person.running("/tenant")
    assert example.api.candidate(WAN0)["mtu"] == 1300
    assert example.api.dirty()
    assert example.api.commit() == []
    assert example.api.running("/tenant/mine") == {"name": "mine"}


def test_an_entry_that_one_user_deleted_and_another_changed_is_a_conflict(example: Conductor) -> None:
    example.api.ok("DELETE", f"{CANDIDATE}/authority/router/spoke1/service-route/guest-internet-wan1")
    route = f"{CANDIDATE}/authority/router/spoke1/service-route/guest-internet-wan1"
    example.person.ok("PATCH", route, {"enable-failover": True})
    assert example.person.commit() == []
    (said,) = example.api.commit()
    assert "router/spoke1/service-route/guest-internet-wan1: another user" in said["message"]
    assert not example.api.dirty()


# --- Exports ----------------------------------------------------------------------------------------------------------


def test_what_ran_is_exported_listed_imported_and_removed(example: Conductor) -> None:
    api = example.api
    before = api.running()
    body = {"filename": "before", "datastore": "running"}
    assert api.ok("POST", "/config/export", body) == {"exportPath": "/etc/128technology/config-exports/before.gz"}
    api.ok("DELETE", f"{CANDIDATE}/authority/service/guest-internet")
    api.ok("DELETE", f"{CANDIDATE}/authority/router/spoke1/service-route/guest-internet-wan1")
    assert api.commit() == []
    assert api.ok("GET", "/config/export") == [{"name": "before"}]
    api.ok("POST", "/config/import", {"filename": "before"})
    assert api.dirty()
    assert api.commit() == []
    after = api.running()
    assert sorted(map(str, after.pop("service"))) == sorted(map(str, before.pop("service")))
    assert after == before
    api.ok("DELETE", "/config/export/before")
    assert api.refused("POST", "/config/import", {"filename": "before"}) == (404, "no export before")
    assert api.refused("POST", "/config/export", {"filename": "../x"})[0] == 400


def test_a_large_authority_is_committed_and_read(conductor: Conductor) -> None:
    load(conductor, spokes=300)
    conductor.api.put(router=[{"name": "spoke7", "description": "x"}])
    assert conductor.api.commit() == []
    assert len(conductor.api.ok("GET", "/config/running/")["authority"]["router"]) == 302
