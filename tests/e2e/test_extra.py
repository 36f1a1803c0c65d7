"""Vendor keys on Mist: secrets in them, what the description does not know, and two owners of one key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from haplan import engine
from haplan.errors import Denied
from haplan.model.finding import Finding
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.e2e.two_stacks import LINKS, Half

BESIDE = '{"bfd_profile": "lte", "psk": secret("env:VPN")}'
VPN = 'org = Overlay("org", extra={"mist": {"paths": {"h1-wan0": BESIDE}}})'.replace("BESIDE", BESIDE)
SITE = """
Site("s", variables={"A": "1"}, extra={"mist": {
    "notes": secret("env:NOTE"), "ssr": {"conductor_token": secret("env:SSR")}}})
"""
EDGE = """
from haplan.design import path
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), extra={"mist": {"lte_password": secret("env:LTE"), "wan_type": "lte"}}),
    wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "10.9.0.1/24"}), LINKS],
  extra={"mist": {
    "tunnel_configs": {"z": {"psk": secret("env:PSK"), "local_id": f"id {secret('env:ID')}",
                             "primary": {"wan_names": ["wan0"], "hosts": ["a", secret("env:HOST")]}}},
    "dhcpd_config": {"office": {"fixed_bindings": {"020000000001": {"ip": "10.9.0.9"}}}}}})
app = Application("any app", addresses=["0.0.0.0/0"], protocols=["any"],
                  extra={"mist": {"description": secret("env:APP")}})
rule = Steering("out", template=edge,
                paths=[path(edge.wan("wan0"), extra={"mist": {"wan_name": secret("env:WAN")}})])
Policy("p", template=edge, networks=[office], applications=[app], action="allow", steering=rule,
       extra={"mist": {"ssl_proxy": {"enabled": True, "note": secret("env:PROXY")}}})
""".replace("LINKS", LINKS)
TENANTS = '{"t": {"addresses": [secret("env:NET")]}}'
NETWORK = f'office = Network("office", subnet="10.9.0.0/24", extra={{"mist": {{"tenants": {TENANTS}}}}})'
WAN = 'wan("wan0", "ge-0/0/0", static("192.0.2.9/24", gateway="192.0.2.1"))'
HUB = f'h1 = HubProfile("h1", overlay=org, interfaces=[{WAN}, {LINKS}])'


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Half]:
    half = Half(tmp_path, "stack")
    yield half
    half.close()


def template(stack: Half) -> dict[str, object]:
    return stack.named("/orgs/{org}/gatewaytemplates", "edge")


def test_secrets_resolve_in_every_place_of_every_resource(stack: Half) -> None:
    stack.applies(VPN, SITE, NETWORK, EDGE, HUB)
    edge = template(stack)
    assert edge["tunnel_configs"] == {
        "z": {"psk": "lab-PSK", "primary": {"wan_names": ["wan0"], "hosts": ["a", "lab-HOST"]}, "local_id": "id lab-ID"}
    }
    assert edge["port_config"]["ge-0/0/0"]["lte_password"] == "lab-LTE"
    assert edge["path_preferences"]["out"]["paths"] == [{"type": "wan", "name": "wan0", "wan_name": "lab-WAN"}]
    assert edge["service_policies"][0]["ssl_proxy"]["note"] == "lab-PROXY"
    assert edge["dhcpd_config"]["office"]["fixed_bindings"] == {"020000000001": {"ip": "10.9.0.9"}}
    assert stack.named("/orgs/{org}/networks", "office")["tenants"] == {"t": {"addresses": ["lab-NET"]}}
    assert stack.named("/orgs/{org}/services", "any app")["description"] == "lab-APP"
    site = stack.named("/orgs/{org}/sites", "s")
    assert (site["notes"], stack.get(f"/sites/{site['id']}/setting")["ssr"]) == (
        "lab-NOTE",
        {"conductor_token": "lab-SSR"},
    )
    assert stack.named("/orgs/{org}/vpns", "org")["paths"]["h1-wan0"] == {"bfd_profile": "lte", "psk": "lab-VPN"}
    kept = b"".join(file.read_bytes() for file in stack.folder.rglob("*") if file.is_file() and "lab" not in file.parts)
    kept += (stack.folder / "stack.db").read_bytes()
    assert b"lab-PSK" not in kept
    assert b"lab-HOST" not in kept


def test_a_secret_that_was_changed_in_the_portal_is_drift_and_mended(stack: Half) -> None:
    dialled = EDGE.replace('wan("wan1", "ge-1/0/0", dhcp())', 'wan("wan1", "ge-1/0/0", pppoe("u", secret("env:PPP")))')
    stack.applies("from haplan.design import pppoe", VPN, SITE, NETWORK, dialled, HUB)
    edge = template(stack)
    ports = edge["port_config"]
    assert ports["ge-1/0/0"]["ip_config"]["poser_password"] == "lab-PPP"
    dialling = {**ports["ge-1/0/0"]["ip_config"], "poser_password": "by-hand-PPP"}
    by_hand = {
        "tunnel_configs": {"z": {**edge["tunnel_configs"]["z"], "psk": "by-hand-PSK"}},
        "port_config": {
            **ports,
            "ge-0/0/0": {**ports["ge-0/0/0"], "lte_password": "by-hand-LTE"},
            "ge-1/0/0": {**ports["ge-1/0/0"], "ip_config": dialling},
        },
    }
    stack.put(f"/orgs/{{org}}/gatewaytemplates/{edge['id']}", by_hand)
    vpn = stack.named("/orgs/{org}/vpns", "org")
    stack.put(f"/orgs/{{org}}/vpns/{vpn['id']}", {"paths": {"h1-wan0": {"bfd_profile": "lte", "psk": "by-hand-VPN"}}})
    plan = stack.plan()
    assert {one.address for one in plan.changes} == {"wan_edge_template.edge", "overlay.org"}
    moved = {one.address: set(one.recorded) for one in plan.drift}
    assert moved == {"wan_edge_template.edge": {"extra", "interfaces"}, "overlay.org": {"extra"}}
    shown = plain(plan_lines(plan, full=True))
    assert "(sensitive)" in shown
    assert "by-hand" not in shown + str(plan)
    assert stack.apply().exit_code == 0
    mended = template(stack)
    assert [mended[key] for key in by_hand] == [edge[key] for key in by_hand]
    assert stack.named("/orgs/{org}/vpns", "org")["paths"] == vpn["paths"]
    stack.quiet()


LITERAL = """
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), extra={"mist": {"lte_password": "geheim-1"}}), LINKS],
  extra={"mist": {"bgp_config": {"b": {"auth_key": "geheim-2", "via": "lan", "local_as": 65000}},
                  "extra_routes": {"a": {"token": "{{TOKEN}}"}}}})
""".replace("LINKS", LINKS)


def test_a_literal_secret_is_a_warning_and_stands_nowhere_in_plain(stack: Half, tmp_path: Path) -> None:
    stack.says(LITERAL)
    with stack.session(log=tmp_path / "all.log") as session:
        plan = engine.plan(session)
        warned = [(one.severity, one.message.partition(":")[0]) for one in plan.findings if one.rule == "EXTRA"]
        engine.write_file(plan, 0, tmp_path / "plan.json")
        result = engine.apply(session, plan)
        assert (result.exit_code, result.failed) == (0, ())
    assert warned == [
        ("warning", "extra mist.extra_routes.a.token"),  # the description has no such key there
        ("warning", "extra.mist.bgp_config.b.auth_key"),
        ("warning", 'interfaces["wan0"].extra.mist.lte_password'),
    ]
    edge = template(stack)
    assert edge["bgp_config"]["b"] == {"auth_key": "geheim-2", "via": "lan", "local_as": 65000}
    assert edge["port_config"]["ge-0/0/0"]["lte_password"] == "geheim-1"
    stack.quiet()
    simulated = stack.folder / ".haplan" / "lab"
    files = [
        one for one in stack.folder.rglob("*") if one.is_file() and one.suffix != ".py" and simulated != one.parent
    ]
    files += [tmp_path / "plan.json", tmp_path / "all.log"]
    assert [str(one) for one in files if b"geheim" in one.read_bytes()] == []
    stack.says(LITERAL.replace("geheim-2", "geheim-3"))
    assert [change.address for change in stack.plan().changes] == ["wan_edge_template.edge"]


def extra(stack: Half, *lines: str) -> list[Finding]:
    stack.says(*lines)
    with stack.session() as session:
        return [one for one in engine.validate(session).findings if one.rule == "EXTRA"]


def test_an_unknown_key_is_a_warning_and_is_sent_and_an_error_if_asked_for(stack: Half) -> None:
    made = 'Network("office", subnet="10.9.0.0/24", extra={"mist": {"isolaton": True}})'
    (found,) = extra(stack, made)
    assert (found.severity, found.message) == (
        "warning",
        "extra mist.isolaton: the description of Mist has no such key on a network; it is sent; "
        "did you mean isolation?",
    )
    stack.applies(made)
    assert stack.named("/orgs/{org}/networks", "office")["isolaton"] is True
    stack.file.write_text(stack.file.read_text().replace('provider("mist")', 'provider("mist", strict_extra=True)'))
    with pytest.raises(Denied, match="isolaton"):
        stack.plan()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('Network("n", subnet="10.9.0.0/24", extra={"mist": {"id": "x"}})', "mist.id: read-only: the cloud sets it"),
        (
            'Network("n", subnet="10.9.0.0/24", extra={"mist": {"vpn_access": {"O": {"routed": True}}}})',
            "mist.vpn_access.O.routed: the vocabulary says this: use advertise=",
        ),
        (
            'WanEdgeTemplate("t", interfaces=[lan("l", "ge-0/0/3", {}, extra={"mist": {"wan_type": "lte"}})])',
            "interfaces.l: extra mist.wan_type: only a WAN port may have this, an SSR rejects it on lan",
        ),
        (
            'WanEdgeTemplate("t", interfaces=[ha_fabric("ge-0/0/4,ge-1/0/4", extra={"mist": {"mtu": 9000}})])',
            "interfaces.ha-fabric: extra mist.mtu: the vocabulary says this: use mtu=",
        ),
    ],
)
def test_what_is_wrong_on_any_level_is_an_error_at_validate(stack: Half, line: str, said: str) -> None:
    (found,) = extra(stack, line)
    assert found.severity == "error"
    assert said in found.message


def test_empty_vendor_keys_are_nothing(stack: Half) -> None:
    assert not extra(stack, 'Site("s", extra={"mist": {}, "ssr": {}})')
    stack.applies()
    with stack.session() as session:
        (row,) = engine.read_state(session).rows.values()
    assert "extra" not in row.values


def test_what_stands_beside_the_vocabulary_passes(stack: Half) -> None:
    beside = '"vpn_access": {"O": {"allow_ping": True}}'
    stack.applies(
        'o = Overlay("O")', f'Network("n", subnet="10.9.0.0/24", advertise=o, extra={{"mist": {{{beside}}}}})'
    )
    assert stack.named("/orgs/{org}/networks", "n")["vpn_access"] == {"O": {"routed": True, "allow_ping": True}}
    stack.applies('o = Overlay("O")', 'Network("n", subnet="10.9.0.0/24", advertise=o)')
    assert stack.named("/orgs/{org}/networks", "n")["vpn_access"] == {"O": {"routed": True}}


def test_variables_in_vendor_keys_have_to_be_defined_and_count_as_used(stack: Half) -> None:
    where = {
        "A": ('wan("wan0", "ge-0/0/0", dhcp(), extra={"mist": {"description": "{{A}}"}})', ""),
        "B": (
            'wan("wan0", "ge-0/0/0", dhcp())',
            ', extra={"mist": {"extra_routes": {"{{B}}/24": {"via": "192.0.2.1"}}}}',
        ),
        "C": ('wan("wan0", "ge-0/0/0", dhcp())', ""),
    }
    for name, (face, more) in where.items():
        site_extra = ', extra={"mist": {"ntp_servers": ["{{C}}"]}}' if name == "C" else ""
        for given in (str({name: "x"}), "{}"):
            stack.says(
                f'site = Site("s", variables={given}{site_extra})',
                f'edge = WanEdgeTemplate("edge", interfaces=[{face}, {LINKS}]{more})',
                'Cluster("c", site=site, template=edge, model="SSR120", nodes=["02005e100c30", "02005e100c31"])',
            )
            with stack.session() as session:
                found = engine.validate(session).findings
            assert [one.rule for one in found if one.rule in ("HA118", "HA121")] == (["HA118"] if given == "{}" else [])


TUNNEL = '{"tunnel_configs": {"z": {"primary": {"wan_names": ["%s"]}}}, "vrf_instances": {"v": {"networks": ["%s"]}}}'


def test_names_in_vendor_keys_are_held_against_stack_and_organisation(stack: Half) -> None:
    def said(wan: str, network: str, policy: str) -> list[tuple[str, str]]:
        stack.says(
            'office = Network("office", subnet="10.9.0.0/24")',
            'any_ = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])',
            'edge = WanEdgeTemplate("edge", interfaces=[wan("wan0", "ge-0/0/0", dhcp()), '
            f'lan("lan", "ge-0/0/3", {{office: "10.9.0.1/24"}}), {LINKS}], '
            f'extra={{"mist": {TUNNEL % (wan, network)}}})',
            'Policy("p", template=edge, networks=[office], applications=[any_], action="allow", '
            f'extra={{"mist": {{"servicepolicy_id": "{policy}"}}}})',
        )
        return [(one.message, one.hint) for one in stack.plan().findings if one.rule == "MIST001"]

    stack.applies('Network("theirs", subnet="10.8.0.0/24")')
    stack.portal.post(f"/api/v1/orgs/{stack.lab.org_id}/servicepolicies", json={"name": "x"}).raise_for_status()
    (policy,) = stack.get("/orgs/{org}/servicepolicies")
    assert not said("wan0", "office", policy["id"])
    assert not said("wan0", "theirs", policy["id"])
    assert said("wan1", "ofice", "00000000-0000-0000-0000-00000000abcd") == [
        (
            "extra mist.servicepolicy_id: no organisation policy '00000000-0000-0000-0000-00000000abcd' "
            "in the stack or the organisation",
            f"there are: {policy['id']}",
        ),
        (
            "extra mist.tunnel_configs.z.primary.wan_names: no WAN 'wan1' in the stack or the organisation",
            "did you mean wan0?",
        ),
        (
            "extra mist.vrf_instances.v.networks: no network 'ofice' in the stack or the organisation",
            "did you mean office?",
        ),
    ]
