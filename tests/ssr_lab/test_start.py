"""A lab that starts with what another conductor runs: ten documented configurations, and names that nobody knows."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haplan_ssr.lab import Lab, read_definition
from haplan_ssr.model import check
from tests.ssr_e2e.world import without_generated
from tests.ssr_lab.conductor import Conductor
from tests.ssr_model.configurations import CONFIGURATIONS, STACK, authority, node, router, shared, sync, wan

Open = Callable[..., Conductor]


def test_for_each_it_is_said_how_a_stack_comes_to_it_or_why_not() -> None:
    assert list(STACK) == list(CONFIGURATIONS)
    assert len(CONFIGURATIONS) == 10


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_model_takes_what_the_vendor_documents(name: str) -> None:
    found = check(CONFIGURATIONS[name](), release="7.0.1")
    assert [(one.where, one.message) for one in found if one.severity == "error"] == []
    assert [(one.where, one.message) for one in found if not one.documented] == []


def plain(tree: Any) -> Any:
    """A configuration as it is compared: in no order, without what a conductor numbers and makes."""
    return json.loads(json.dumps(without_generated(tree), sort_keys=True))


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_lab_runs_each_from_its_start_and_takes_a_change(open_conductor: Open, name: str) -> None:
    tree = CONFIGURATIONS[name]()
    conductor = open_conductor(running=tree, version="7.0.1-5")
    found = plain(conductor.api.running())
    found["router"] = [one for one in found["router"] if one["name"] != "conductor"]
    assert found == plain(tree["authority"])
    conductor.api.put(tenant=[{"name": "guests"}])
    assert conductor.api.commit() == []
    states = {box["status"] for box in conductor.api.ok("GET", "/asset?verbose=false")}
    assert states <= {"Running"}


def test_a_name_that_the_model_does_not_know_stays_and_stands_in_the_way_of_no_commit(open_conductor: Open) -> None:
    tree = authority(router("pier", *(node(n, wan(n), shared(), sync(n)) for n in (0, 1)), tide_table={"high": 3}),
                     **{"night-watch": [{"name": "w", "at": 9}]})  # fmt: skip
    conductor = open_conductor(running=tree)
    conductor.api.ok("PATCH", "/config/candidate/authority/router/pier", {"location": "mole"})
    conductor.person.put(tenant=[{"name": "theirs"}])
    assert conductor.person.commit() == []
    assert conductor.api.commit() == []
    running = conductor.api.running()
    assert running["night-watch"] == [{"name": "w", "at": 9}]
    (pier,) = [one for one in running["router"] if one["name"] == "pier"]
    assert (pier["tide-table"], pier["location"]) == ({"high": 3}, "mole")
    assert conductor.api.refused("PATCH", "/config/candidate/authority", {"moon": 1})[0] == 400


def test_numbers_that_an_export_brings_along_are_given_to_nobody_else(open_conductor: Open) -> None:
    tree = authority(router("pier", *(node(n, wan(n, global_id=1 + n), shared(), sync(n)) for n in (0, 1))))
    conductor = open_conductor(running=tree)
    conductor.api.put(tenant=[{"name": "t"}])
    assert conductor.api.commit() == []
    (pier,) = [one for one in conductor.api.running("/router") if one["name"] == "pier"]
    numbers = [face["global-id"] for one in pier["node"] for device in one["device-interface"]
               for face in device["network-interface"]]  # fmt: skip
    assert sorted(numbers) == [1, 2, 3, 3, 4, 5]  # the two of a shared interface have one


@pytest.mark.parametrize("zipped", [False, True])
def test_an_export_beside_the_file_is_the_start(tmp_path: Path, zipped: bool) -> None:
    text = json.dumps({"authority": {"name": "harbour", "dynamicHostname": "x"}}).encode()
    (tmp_path / "export").write_bytes(gzip.compress(text) if zipped else text)
    (tmp_path / "lab.toml").write_text('[settings]\nstart = "export"\n')
    with Lab(tmp_path / "lab", definition=read_definition(tmp_path / "lab.toml")) as lab, lab.estate.read() as tx:
        assert [row[0] for row in tx.all("select body from running where list = ''")] == [
            '{"name":"harbour","dynamic-hostname":"x"}'
        ]
    (tmp_path / "export").write_text("{}")
    with pytest.raises(ValueError, match=r"lab.toml: start: export is no configuration of an authority"):
        read_definition(tmp_path / "lab.toml")


def test_more_of_graphql_and_the_version_are_answered(open_conductor: Open) -> None:
    conductor = open_conductor(running=CONFIGURATIONS["in_band"]())
    found = conductor.api.graphql("{ allServices { nodes { name scope } } allTenants { nodes { name } } "
                                  "allAlarms { nodes { severity router } } }")  # fmt: skip
    assert [one["name"] for one in found["allServices"]["nodes"]] == ["mail.office", "web"]
    assert found["allTenants"]["nodes"] == [{"name": "desks"}]
    assert found["allAlarms"]["nodes"] == []
    assert conductor.api.ok("GET", "/version")["version"] == "6.3.0-107.r1"
    conductor.api.ok("POST", "/config/candidate/authority/tenant/clone", {"source": "desks", "name": "benches"})
    assert sorted(one["name"] for one in conductor.api.candidate("/tenant")) == ["benches", "desks"]
