"""What is not documented about conductors, each alternative; and their releases."""

from collections.abc import Callable

import pytest

from haplan import engine
from haplan.errors import Denied, ProviderError
from tests.ssr_e2e.world import World, without_generated

Make = Callable[..., World]

ALTERNATIVES = (
    'keys = "camel"',
    'patch_leaf_list = "replace"',
    'patch_null = "delete"',
    'two_keys = "comma"',
    'candidate = "shared"',
    "invalid_status = 400\nproblem_details = true\ntell_warnings = true",
    "delete_status = 200",
    "token_minutes = 3",
)
RELEASES = ('version = "5.4.0"', 'version = "7.0.1-3"')
TOGETHER = (*ALTERNATIVES, RELEASES[0])
"""They touch different answers of a conductor, so one may have them all; each alone is for the long form."""
DIALECTS = [
    pytest.param("\n".join(TOGETHER), id="all-at-once"),
    pytest.param(RELEASES[1], id="newer"),
    *(pytest.param(one, marks=pytest.mark.deep) for one in TOGETHER),
]


@pytest.mark.parametrize("settings", DIALECTS)
def test_every_kind_of_conductor_is_led_to_the_same(pair: Make, settings: str) -> None:
    world = pair(f"[settings]\n{settings}\n")
    found = without_generated(world.running())
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    world.edit("stack.py", ', "9.9.9.9/32"', "")
    world.edit("stack.py", ", vlan_id=2099", "")
    world.edit("stack.py", '[edge.wan("wan1"), edge.wan("wan0")]', '[edge.wan("wan1")]')
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    assert world.destroy().exit_code == 0
    assert without_generated(world.running()) == found


def test_what_an_older_conductor_cannot_do_is_refused_when_planning(pair: Make) -> None:
    world = pair('[settings]\nversion = "5.3.2-1"\n')
    plan = world.plan()
    (error,) = [one for one in plan.findings if one.severity == "error"]
    assert (error.rule, error.address) == ("SSR004", "steering.edge.out")
    assert "5.3.2" in error.message
    with pytest.raises(Denied):
        world.apply(plan)
    world.edit(
        "stack.py", 'Steering("out", template=edge, paths', 'Steering("out", template=edge, strategy="ecmp", paths'
    )
    assert world.apply().exit_code == 0
    (route, _) = world.router("branch")["service-route"][:2]
    assert "vector" not in route


def test_a_conductor_of_another_release_than_the_stack_says_is_refused(pair: Make) -> None:
    world = pair(settings=', release="5.4"')
    with pytest.raises(ProviderError, match=r'runs 6\.3\.0-107\.r1, and the stack says release="5\.4"'):
        world.plan()


def test_state_of_one_authority_is_not_applied_to_another(pair: Make) -> None:
    world = pair('[settings]\nauthority = "one"\n')
    world.apply()
    world.close()
    for file in (world.folder / ".haplan" / "lab").glob("ssr*"):
        file.unlink()
    world.misbehave('[settings]\nauthority = "two"\n')
    with pytest.raises(Exception, match="two") as error:
        world.plan()
    assert error.value.exit_code == 5  # type: ignore[attr-defined]


# --- Offline ----------------------------------------------------------------------------------------------------------


def validate(world: World) -> list[tuple[str, str, str, str]]:
    with world.session() as session:
        found = engine.validate(session).findings
    return [(one.severity, one.rule, one.address, one.message) for one in found if one.rule.startswith("SSR")]


def test_validate_says_what_the_vendors_model_says_with_the_line(pair: Make) -> None:
    world = pair(settings=', release="5.3"')
    world.edit("stack.py", 'paths=[edge.wan("wan1"), edge.wan("wan0")]', 'paths=[edge.wan("wan1")]')
    assert validate(world) == []
    world.edit("stack.py", "dhcp()),", "dhcp(), mtu=9216),")
    with world.session() as session:
        (finding,) = [one for one in engine.validate(session).findings if one.rule == "SSR010"]
    assert finding.severity == "error"
    assert finding.address == "wan_edge_template.edge"
    assert finding.message.startswith("router branch node node0 device-interface ge-0-0 network-interface wan0 mtu: ")
    assert finding.location == "stack.py:12"


@pytest.mark.parametrize(
    ("release", "severity"), [("", "warning"), (', release="6.3"', "warning"), (', release="5.2"', "error")]
)
def test_the_model_is_binding_for_releases_that_it_is_of(pair: Make, release: str, severity: str) -> None:
    world = pair(settings=release)
    world.edit("stack.py", 'paths=[edge.wan("wan1"), edge.wan("wan0")]', 'paths=[edge.wan("wan1")]')
    world.edit("stack.py", "dhcp()),", "dhcp(), mtu=9216),")
    assert {one[0] for one in validate(world) if one[1] == "SSR010"} == {severity}


def test_no_conductor_is_asked_to_validate(pair: Make) -> None:
    world = pair()
    validate(world)
    assert not (world.folder / ".haplan").exists()


def test_a_narrower_policy_behind_a_wider_one_is_no_finding_where_there_is_no_order(pair: Make) -> None:
    world = pair()  # the internet for all first, names behind it
    with world.session() as session:
        assert [one for one in engine.validate(session).findings if one.rule == "HA107"] == []
