"""What is not translated is refused offline: with the reason, at the line that says it."""

import textwrap
from pathlib import Path

import pytest

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session

STACK = """
from haplan import *
from haplan.design import *
provider("ssr", host="conductor.example.net")
guest = Network("guest", subnet="172.22.99.0/24")
application = Application("app", {application})
edge = WanEdgeTemplate("edge", ntp_servers=["192.0.2.123"], interfaces=[
    wan("wan0", "ge-0/0/0", {address}), wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", {lan}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")])
out = Steering("out", template=edge, paths=[edge.wan("wan1")])
Policy("p", template=edge, networks=[guest], action="allow", applications=[application], steering=out)
Cluster("branch", site=Site("branch"), template=edge, model="SSR120",
        nodes=[node("02005e100c30", asset_id="A"), node("02005e100c31", asset_id="B")])
"""
USUAL = {
    "application": 'addresses=["0.0.0.0/0"], protocols=["any"]',
    "address": "dhcp()",
    "lan": '"ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}',
}
RELAYED = '"ge-0/0/3,ge-1/0/3", {guest: lan_address("172.22.99.1/24", dhcp=dhcp_relay(["192.0.2.5"]))}'


@pytest.mark.parametrize(
    ("said", "line", "reason"),
    [
        ({"application": 'urls=["example.net/x"]'}, 6, "URLs are not translated: the vendor's pages name the leaf"),
        ({"application": 'categories=["Games"]'}, 6, "URL categories are not translated: the vendor's pages name"),
        ({"address": 'pppoe("me", secret("env:PPPOE"))'}, 7, "by pppoe is not translated: it takes another device"),
        ({"lan": RELAYED}, 7, "a DHCP relay is a service of its own on a conductor, and not translated"),
        (
            {"lan": '"ge-0/0/2-3,ge-1/0/2-3", {guest: "172.22.99.1/24"}, redundant=True, aggregated=True'},
            7,
            "bundles of ports are not translated: the vendor has not tried bonds on redundant pairs",
        ),
    ],
    ids=["url", "category", "pppoe", "relay", "bundle"],
)
def test_what_is_not_translated_is_refused_with_its_reason_and_its_line(
    tmp_path: Path, said: dict[str, str], line: int, reason: str
) -> None:
    (tmp_path / "stack.py").write_text(textwrap.dedent(STACK).format(**{**USUAL, **said}))
    with open_session(tmp_path, Options(), environ={}) as session:
        found = [one for one in engine.validate(session).findings if one.severity == "error"]
    assert [(one.rule, one.location) for one in found] == [("SSR006", f"stack.py:{line}")]
    assert reason in found[0].message
