"""Maps and sets that several stacks and people share in one organisation: each owns what it makes, entry by entry."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.model.plan import Action
from tests.e2e.two_stacks import LINKS, Half, of

VPNS, NETWORKS, PROFILES, TEMPLATES = (
    f"/orgs/{{org}}/{name}" for name in ("vpns", "networks", "deviceprofiles", "gatewaytemplates")
)
OVERLAY = 'org = Overlay("Org.Overlay")'
EXISTING = 'org = Overlay.existing("Org.Overlay")'


def hub(number: int, *wans: int) -> str:
    """A hub profile with endpoints for these WANs."""
    at = [(one, f"192.0.{number * 10 + one}") for one in wans or (0, 1)]
    ports = [f'wan("wan{one}", "ge-{one}/0/0", static("{net}.9/24", gateway="{net}.1")), ' for one, net in at]
    return f'h{number} = HubProfile("h{number}", overlay=org, interfaces=[{"".join(ports)}{LINKS}])'


@pytest.fixture
def halves(tmp_path: Path) -> Iterator[tuple[Half, Half]]:
    both = Half(tmp_path, "one"), Half(tmp_path, "two")
    yield both
    for half in both:
        half.close()


def paths(half: Half) -> list[str]:
    return sorted(half.named(VPNS, "Org.Overlay")["paths"])


def test_two_stacks_make_one_overlay_change_it_and_leave_in_turn(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies(OVERLAY, hub(1))
    two.says(OVERLAY, hub(2))
    (exists,) = of("EXISTS", two.plan())
    assert exists.severity == "error"
    taken = two.imports('overlay."Org.Overlay"', "Org.Overlay", VPNS)
    assert taken.changes[0].after["endpoints"] == []
    plan = two.applies()
    assert {change.address: change.action for change in plan.changes} == {
        'overlay."Org.Overlay"': Action.UPDATE,
        "hub_profile.h2": Action.CREATE,
    }
    assert paths(two) == ["h1-wan0", "h1-wan1", "h2-wan0", "h2-wan1"]
    assert "Org.Overlay: path h1-wan0 is not in the stack" in two.plan().notes
    one.quiet()
    one.applies(OVERLAY, hub(1, 0))
    assert paths(one) == ["h1-wan0", "h2-wan0", "h2-wan1"]
    two.quiet()
    plan = one.applies("")
    assert [str(t.document) for t in plan.transactions if t.verb == "delete"] == ["deviceprofile:h1"]
    assert any("take out ours; h2-wan0, h2-wan1 of others stay" in str(t) for t in plan.transactions)
    assert paths(two) == ["h2-wan0", "h2-wan1"]
    two.quiet()
    two.applies("")
    assert two.get(VPNS) == []


def test_a_path_that_a_person_made_stays_whatever_the_stack_does(halves: tuple[Half, Half]) -> None:
    one, _ = halves
    one.applies(OVERLAY, hub(1))
    vpn = one.named(VPNS, "Org.Overlay")
    one.put(f"{VPNS}/{vpn['id']}", {"paths": {**vpn["paths"], "by hand": {"ip": "192.0.2.9"}}})
    one.quiet()
    one.applies(OVERLAY, hub(1, 0))
    assert one.named(VPNS, "Org.Overlay")["paths"] == {"h1-wan0": {}, "by hand": {"ip": "192.0.2.9"}}
    one.applies("")
    assert one.named(VPNS, "Org.Overlay")["paths"] == {"by hand": {"ip": "192.0.2.9"}}


def test_a_hub_in_an_overlay_of_others_adds_its_paths_and_takes_them_out(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies(OVERLAY, hub(1))
    plan = two.applies(EXISTING, hub(2))
    first = plan.transactions[0]
    assert (str(first.document), first.placed[0].placement.title) == ("vpn:Org.Overlay", "add h2-wan0, h2-wan1")
    assert paths(two) == ["h1-wan0", "h1-wan1", "h2-wan0", "h2-wan1"]
    one.quiet()
    two.applies(EXISTING, hub(2, 1))
    assert paths(two) == ["h1-wan0", "h1-wan1", "h2-wan1"]
    vpn = two.named(VPNS, "Org.Overlay")
    two.put(f"{VPNS}/{vpn['id']}", {"paths": {"h1-wan0": {}, "h1-wan1": {}}})
    plan = two.plan()
    assert [change.address for change in plan.changes] == ["hub_profile.h2"]
    assert plan.drift
    two.applies()
    assert paths(two) == ["h1-wan0", "h1-wan1", "h2-wan1"]
    two.applies(EXISTING)
    assert paths(two) == ["h1-wan0", "h1-wan1"]
    one.quiet()


SPOKE = """
h1 = HubProfile.existing("h1")
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[h1.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[h1.endpoint("wan1")]), {LINKS}])
""".replace("{LINKS}", LINKS)


def test_an_endpoint_that_another_stack_still_uses_is_told_before_it_goes(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies(OVERLAY, hub(1))
    two.applies(SPOKE)
    one.says(OVERLAY, hub(1, 0))
    (found,) = of("HA075", one.plan())
    assert found.message == "removing h1-wan1 takes a path away from edge, which is not in this stack"
    one.says("")
    assert [one.message.split(" takes")[0] for one in of("HA075", one.plan())] == [
        "removing h1-wan0",
        "removing h1-wan1",
    ]
    two.applies(SPOKE.replace(', overlay=[h1.endpoint("wan1")]', ""))
    one.says(OVERLAY, hub(1, 0))
    assert not of("HA075", one.plan())


@pytest.mark.parametrize(
    "part",
    [{"destroy": True, "targets": ("hub_profile.h1",)}, {"targets": ("hub_profile.h1",)}, {"excludes": ("overlay.*",)}],
)
def test_a_hub_that_another_stack_still_uses_is_told_before_it_goes_where_its_overlay_is_in_no_part_of_the_plan(
    halves: tuple[Half, Half], part: dict[str, Any]
) -> None:
    one, two = halves
    one.applies(OVERLAY, hub(1))
    two.applies(SPOKE)
    one.says(OVERLAY)
    assert [one.message.partition(" takes")[0] for one in of("HA075", one.plan(**part))] == [
        "removing h1-wan0",
        "removing h1-wan1",
    ]


def access(half: Half) -> dict[str, object]:
    return dict(half.named(NETWORKS, "office").get("vpn_access") or {})


def network(*overlays: str, more: str = "") -> tuple[str, ...]:
    made = [f'{name.lower()} = Overlay.existing("{name}")' for name in overlays]
    advertise = f", advertise=[{', '.join(name.lower() for name in overlays)}]" if overlays else ""
    return (*made, f'office = Network("office", subnet="10.9.0.0/24"{advertise}{more})')


def test_two_stacks_advertise_one_network_change_it_and_leave_in_turn(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies('Overlay("A")', 'Overlay("B")')
    one.applies('a = Overlay("A")', 'Overlay("B")', *network(), "office = None")
    one.applies('a = Overlay("A")', 'b = Overlay("B")', 'Network("office", subnet="10.9.0.0/24", advertise=[a])')
    two.says(*network("B"))
    two.imports("network.office", "office", NETWORKS)
    two.applies()
    assert access(two) == {"A": {"routed": True}, "B": {"routed": True}}
    one.quiet()
    one.applies('a = Overlay("A")', 'b = Overlay("B")', 'Network("office", subnet="10.9.0.0/24")')
    assert access(two) == {"B": {"routed": True}}
    two.quiet()
    one.applies('a = Overlay("A")', 'b = Overlay("B")', 'Network("office", subnet="10.9.0.0/24", advertise=a)')
    two.applies("")
    assert access(one) == {"A": {"routed": True}}
    one.quiet()


def test_what_a_person_allows_beside_an_advertisement_stays(halves: tuple[Half, Half]) -> None:
    one, _ = halves
    made = ('a = Overlay("A")', 'b = Overlay("B")')
    one.applies(*made, 'Network("office", subnet="10.9.0.0/24", advertise=[a])')
    id_ = one.named(NETWORKS, "office")["id"]
    mine = {"A": {"routed": True, "allow_ping": True}, "B": {"routed": True}}
    one.put(f"{NETWORKS}/{id_}", {"vpn_access": mine})
    one.quiet()
    assert "office: advertisement into B is not in the stack" in one.plan().notes
    # what the stack comes to want was there before it, and stays when it leaves
    one.applies(*made, 'Network("office", subnet="10.9.0.0/24", advertise=[a, b])')
    one.applies(*made, 'Network("office", subnet="10.9.0.0/24")')
    assert access(one) == {"A": {"allow_ping": True}, "B": {"routed": True}}
    plan = one.applies(*made)
    assert access(one) == {"A": {"allow_ping": True}, "B": {"routed": True}}
    assert [transaction.verb for transaction in plan.transactions] == ["update"]


def setting(half: Half, name: str = "branch") -> dict[str, object]:
    site = half.named("/orgs/{org}/sites", name)
    return dict(half.get(f"/sites/{site['id']}/setting").get("vars") or {})


def test_two_stacks_give_one_site_variables_change_them_and_leave_in_turn(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies('Site("branch", variables={"A": "1", "B": "2"})')
    two.says('Site("branch", variables={"C": "3"})')
    two.imports("site.branch", "branch", "/orgs/{org}/sites")
    two.applies()
    assert setting(two) == {"A": "1", "B": "2", "C": "3"}
    one.quiet()
    one.applies('Site("branch", variables={"A": "9"})')
    assert setting(two) == {"A": "9", "C": "3"}
    two.quiet()
    one.applies("")
    assert setting(two) == {"C": "3"}
    two.quiet()
    two.applies("")
    assert two.get("/orgs/{org}/sites") == []


@pytest.mark.parametrize(("servers", "word"), [("dns_servers", "dns-server"), ("ntp_servers", "ntp-server")])
def test_servers_that_others_added_to_a_template_stay_behind_ours(
    halves: tuple[Half, Half], servers: str, word: str
) -> None:
    one, two = halves
    edge = f'WanEdgeTemplate("edge", interfaces=[wan("wan0", "ge-0/0/0", dhcp()), {LINKS}]%s)'
    one.applies(edge % f', {servers}=["9.9.9.9", "9.9.9.10"]')
    two.says(edge % f', {servers}=["8.8.8.8"]')
    two.imports("wan_edge_template.edge", "edge", TEMPLATES)
    two.applies()
    assert two.named(TEMPLATES, "edge")[servers] == ["8.8.8.8", "9.9.9.9", "9.9.9.10"]
    one.quiet()
    assert f"edge: {word} 8.8.8.8 is not in the stack" in one.plan().notes
    one.applies(edge % f', {servers}=["9.9.9.10"]')
    assert two.named(TEMPLATES, "edge")[servers] == ["9.9.9.10", "8.8.8.8"]
    two.quiet()
    two.applies(edge % "")
    assert two.named(TEMPLATES, "edge")[servers] == ["9.9.9.10"]
    one.quiet()
    one.applies(edge % f', {servers}=["9.9.9.10"], exclusive=True')
    two.put(f"{TEMPLATES}/{two.named(TEMPLATES, 'edge')['id']}", {servers: ["9.9.9.10", "1.1.1.1"]})
    one.applies()
    assert two.named(TEMPLATES, "edge")[servers] == ["9.9.9.10"]


BOXES = "".join(
    f'[[device]]\nmac = "02005e100a1{number}"\nserial = "S{number}"\nmodel = "SSR120"\n' for number in (0, 1)
)
PAIR = 'Cluster("h2", site=site, profile=h2, model="SSR120", nodes=["02005e100a10", "02005e100a11"])'


def test_a_pair_forms_as_a_hub_in_an_overlay_that_the_stack_only_looks_up(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.misbehave(BOXES)
    one.applies(OVERLAY)
    two.applies(EXISTING, hub(2), 'site = Site("s2")', PAIR)
    (stats,) = two.get("/orgs/{org}/stats/devices", type="gateway", fields="*")
    assert (stats["is_ha"], stats["config_status"]) == (True, "COMMITED")
    assert paths(two) == ["h2-wan0", "h2-wan1"]


def test_a_site_with_a_pair_of_another_stack_is_not_deleted(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.misbehave(BOXES)
    one.applies(OVERLAY, 'site = Site("s2")')
    two.applies(EXISTING, hub(2), 'site = Site.existing("s2")', PAIR)
    one.says(OVERLAY)
    result = one.apply()
    assert result.exit_code == 1
    assert "a pair of others is in this site (02005e100a10, 02005e100a11): take it out of the site first" in str(result)
    two.quiet()


def test_two_stacks_put_one_site_into_groups_of_their_own_and_leave_in_turn(halves: tuple[Half, Half]) -> None:
    one, two = halves
    one.applies('Site("branch")')
    for name in ("a", "b"):
        one.portal.post(f"/api/v1/orgs/{one.lab.org_id}/sitegroups", json={"name": name}).raise_for_status()
    ids = {group["name"]: group["id"] for group in one.get("/orgs/{org}/sitegroups")}
    grouped = 'Site("branch", extra={"mist": {"sitegroup_ids": ["%s"]}})'

    def groups() -> list[str]:
        return list(one.named("/orgs/{org}/sites", "branch").get("sitegroup_ids") or ())

    one.applies(grouped % ids["a"])
    two.says(grouped % ids["b"])
    two.imports("site.branch", "branch", "/orgs/{org}/sites")
    two.applies()
    assert sorted(groups()) == sorted(ids.values())
    one.quiet()
    one.applies('Site("branch")')
    assert groups() == [ids["b"]]
    two.quiet()
    two.applies('Site("branch")')
    assert groups() == []


@pytest.mark.parametrize("servers", ["dns_servers", *(
    pytest.param(one, marks=pytest.mark.deep) for one in ("ntp_servers", "dns_suffix"))])  # fmt: skip
def test_two_stacks_give_one_site_servers_change_them_and_leave_in_turn(
    halves: tuple[Half, Half], servers: str
) -> None:
    one, two = halves

    def says(*names: str) -> str:
        return f'Site("branch", extra={{"mist": {{"{servers}": {list(names)}}}}})'

    def there() -> list[str]:
        site = one.named("/orgs/{org}/sites", "branch")
        return list(one.get(f"/sites/{site['id']}/setting").get(servers) or ())

    one.applies(says("z.example", "a.example"))
    two.says(says("m.example", "a.example"))
    two.imports("site.branch", "branch", "/orgs/{org}/sites")
    two.applies()
    assert there() == ["m.example", "a.example", "z.example"]
    (left,) = [note for note in two.plan().notes if note.endswith("is not in the stack")]
    assert "z.example" in left
    one.applies(says("z.example"))  # a.example is the other's too, and is gone with who wrote it first
    two.applies()
    assert there() == ["m.example", "a.example", "z.example"]
    one.quiet()
    plan = one.applies("")
    assert plan.transactions[0].placed[0].placement.title.startswith("take out ours; ")
    assert there() == ["m.example", "a.example"]
    two.quiet()
    two.applies("")
    assert two.get("/orgs/{org}/sites") == []


@pytest.mark.parametrize("place", [
    ("gateway_mgmt", "protect_re", "trusted_hosts"),
    pytest.param(("remote_syslog", "servers"), marks=pytest.mark.deep),
    pytest.param(("gateway_mgmt", "admin_sshkeys"), marks=pytest.mark.deep),
    pytest.param(("ssr", "conductor_hosts"), marks=pytest.mark.deep),
])  # fmt: skip
def test_two_stacks_give_one_site_entries_of_a_list_deep_in_its_setting_change_them_and_leave_in_turn(
    halves: tuple[Half, Half], place: tuple[str, ...]
) -> None:
    one, two = halves
    entry = (lambda name: {"host": name, "port": 514}) if place[-1] == "servers" else str

    def says(*names: str) -> str:
        tree: object = [entry(name) for name in names]
        for key in reversed(place):
            tree = {key: tree}
        return f'Site("branch", extra={{"mist": {tree}}})'

    def there() -> list[object]:
        found = one.get(f"/sites/{one.named('/orgs/{org}/sites', 'branch')['id']}/setting")
        for key in place:
            found = found.get(key) or {}
        return list(found)

    def entries(*names: str) -> list[object]:
        return [entry(name) for name in names]

    one.applies(says("z", "a"))
    two.says(says("m", "a"))
    two.imports("site.branch", "branch", "/orgs/{org}/sites")
    two.applies()
    assert there() == entries("m", "a", "z")
    (left,) = [note for note in two.plan().notes if note.endswith("is not in the stack")]
    assert ".".join(place) in left
    one.applies(says("z", "b"))  # a is the other's too, and is gone with who wrote it first
    two.applies()
    assert sorted(map(str, there())) == sorted(map(str, entries("a", "b", "m", "z")))
    one.quiet()
    assert one.applies("").transactions[0].placed[0].placement.title.startswith("take out ours; ")
    assert sorted(map(str, there())) == sorted(map(str, entries("a", "m")))
    two.quiet()
    two.applies("")
    assert two.get("/orgs/{org}/sites") == []


def test_what_a_person_adds_to_a_site_between_look_and_write_stays(halves: tuple[Half, Half]) -> None:
    one, _ = halves
    one.applies('Site("branch", variables={"A": "1"})')
    one.says('Site("branch", variables={"A": "2"})')
    setting = f"/sites/{one.named('/orgs/{org}/sites', 'branch')['id']}/setting"
    with one.session() as session:
        plan = engine.plan(session)
        one.put(setting, {"vars": {"A": "1", "B": "theirs"}})
        assert engine.apply(session, plan).exit_code == 0
    assert one.get(setting)["vars"] == {"A": "2", "B": "theirs"}
