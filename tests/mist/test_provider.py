"""Placements, identity of announced writes, the lab of a stack."""

from pathlib import Path

import pytest

from haplan.contracts import Context, LabRequest
from haplan.errors import ProviderError
from haplan.model.plan import Action, Change
from haplan.model.stack import Block, Lifecycle, Location
from haplan.model.state import Intent
from haplan_mist.config import MistConfig
from haplan_mist.estate import Lists
from haplan_mist.provider import MistProvider
from haplan_mist.translate.documents import placements

TEMPLATE = {"site": "s", "template": "t", "model": "SSR120", "nodes": {"a": {}, "b": {}}}
HUB = {"site": "s", "profile": "h", "model": "SSR120", "nodes": {"a": {}, "b": {}}}
ROWS = [
    ("site", Action.CREATE, None, {"variables": {}}, ["site:x"]),
    ("site", Action.CREATE, None, {"variables": {"A": "1"}}, ["site:x", "setting:x"]),
    ("site", Action.UPDATE, {"variables": {"A": "1"}}, {"variables": {"A": "2"}}, ["setting:x"]),
    ("site", Action.UPDATE, {"address": "a", "variables": {"A": "1"}}, {"address": "b", "variables": {"A": "1"}},
     ["site:x"]),
    ("site", Action.DELETE, {"variables": {"A": "1"}}, None, ["site:x"]),
    ("overlay", Action.CREATE, None, {}, ["vpn:x"]),
    ("network", Action.UPDATE, {}, {}, ["network:x"]),
    ("application", Action.DELETE, {}, None, ["service:x"]),
    ("hub_profile", Action.CREATE, None, {}, ["deviceprofile:x"]),
    ("wan_edge_template", Action.CREATE, None, {}, ["gatewaytemplate:x"]),
    ("steering", Action.CREATE, None, {"profile": "h"}, ["deviceprofile:h"]),
    ("policy", Action.DELETE, {"template": "t"}, None, ["gatewaytemplate:t"]),
    ("policy", Action.REPLACE, {"template": "t"}, {"profile": "h"}, ["gatewaytemplate:t", "deviceprofile:h"]),
    ("cluster", Action.CREATE, None, TEMPLATE, ["site:s", "cluster:x"]),
    ("cluster", Action.CREATE, None, HUB, ["cluster:x"]),
    ("cluster", Action.DELETE, TEMPLATE, None, ["cluster:x", "site:s"]),
    ("cluster", Action.DELETE, HUB, None, ["cluster:x"]),
    ("cluster", Action.UPDATE, TEMPLATE, {**TEMPLATE, "template": "u"}, ["site:s"]),
    ("cluster", Action.UPDATE, TEMPLATE, {**TEMPLATE, "nodes": {"a": {}, "c": {}}}, ["cluster:x"]),
    ("cluster", Action.REPLACE, TEMPLATE, {**TEMPLATE, "site": "z"}, ["site:z", "cluster:x", "site:s"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "action", "before", "after", "documents"), ROWS)
def test_a_change_is_placed_in_its_documents(kind, action, before, after, documents):
    change = Change(
        address=f"{kind}.x", type=kind, name="x", provider="mist", action=action, before=before, after=after
    )
    assert [str(placement.document) for placement in placements(change, Lists({}))] == documents


def intent(address, document, step, key):
    return Intent(run="r", transaction="t1", address=address, document=document, provider="mist", step=step, key=key)


def test_an_announced_create_is_identified_by_its_name(world):
    asked = intent("network.n", "network:x", "create", {"kind": "networks", "name": "x"})
    assert world.provider.identify(asked) is None
    id_ = world.portal("POST", world.org("networks"), {"name": "x", "subnet": "10.0.0.0/24"})["id"]
    seen = world.provider.identify(asked)
    assert (seen.id, seen.found_by_name) == (id_, True)


def test_an_announced_pair_is_identified_by_its_nodes(world):
    site = world.portal("POST", world.org("sites"), {"name": "s"})["id"]
    macs = ["02005e100c30", "02005e100c31"]
    asked = intent("cluster.c", "cluster:c", "form", {"macs": macs, "site_id": site})
    assert world.provider.identify(asked) is None
    body = {"nodes": [{"mac": mac} for mac in macs], "site_id": site}
    world.portal("POST", world.org("inventory/create_ha_cluster"), body)
    assert world.provider.identify(asked).status == "incomplete"


def test_a_rule_in_an_announced_document_is_identified_by_its_name(world):
    world.portal("POST", world.org("gatewaytemplates"),
                 {"name": "t", "service_policies": [{"name": "p", "tenants": [], "services": []}]})  # fmt: skip
    asked = intent("policy.t.p", "gatewaytemplate:t", "update", {"kind": "gatewaytemplates", "name": "t"})
    assert world.provider.identify(asked).values["template"] == "t"


def block(nodes, **values):
    return Block(
        address="cluster.c",
        type="cluster",
        label="c",
        name="c",
        owner="",
        provider="mist",
        values={"nodes": nodes, "model": "SRX300", **values},
        extra={},
        references=(),
        lifecycle=Lifecycle(),
        location=Location("stack.py", 1),
    )


def test_a_lab_without_a_definition_has_the_nodes_of_the_stack(tmp_path):
    request = LabRequest(
        folder=tmp_path,
        definition=None,
        blocks=(block({"02005e300a10": {"serial": "S1"}, "02005e300a11": {}}, firmware="23.4R2-S3"),),
    )
    lab = MistProvider.lab(request)
    provider = MistProvider.open(MistConfig(**lab.settings), Context(clock=lab.clock, environ={}, secret=str))
    try:
        assert provider.identity()["id"] == lab.settings["org_id"]
        records = provider._estate.items("inventory")
        assert {mac: (r["serial"], r["model"], r["site_id"]) for mac, r in records.items()} == {
            "02005e300a10": ("S1", "SRX300", ""), "02005e300a11": ("LAB02005E300A11", "SRX300", "")}  # fmt: skip
        stats = provider._estate.items("stats")
        assert {entry["version"] for entry in stats.values()} == {"23.4R2-S3"}
        assert lab.describe()[0] == f"MIST_HOST={lab.settings['host']}"
    finally:
        provider.close()
        lab.stop()


def test_a_wrong_lab_definition_is_one_line(tmp_path):
    file = Path(tmp_path / "lab.toml")
    file.write_text('[[device]]\nmac = "x"\n')
    with pytest.raises(ProviderError, match=r"mist lab: .*lab\.toml: device\[0\]"):
        MistProvider.lab(LabRequest(folder=tmp_path, definition=file, blocks=()))
