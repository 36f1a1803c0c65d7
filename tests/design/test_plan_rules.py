"""Rules at plan: what the inventory and the changes say."""

from typing import Any

import attrs
import pytest

from haplan import design
from haplan.contracts import PlanView
from haplan.model.finding import Finding
from haplan.model.plan import Action, Calls, Change
from haplan.model.reason import Reason
from haplan.model.state import Row, State
from haplan.steps.check import check
from tests.design.situations import FABRIC, LOW, NEW, SWAP, A, B, C, cluster, fact, facts, row, template, values

RULES = list(design.haplan_checks())


def found(*changes: Change, rows: tuple[Row, ...] = (), facts: dict[str, Any] | None = None) -> tuple[Finding, ...]:
    state = State(rows={(one.address, ""): one for one in rows})
    return check("P", PlanView(stack=None, state=state, changes=changes, seen={}, facts=facts or {}), RULES)


def rules(*changes: Change, rows: tuple[Row, ...] = (), facts: dict[str, Any] | None = None) -> dict[str, str]:
    return {one.rule: one.message for one in found(*changes, rows=rows, facts=facts)}


def test_a_new_pair_of_two_good_boxes_says_that_both_reboot() -> None:
    assert rules(NEW, facts=facts({A: fact(), B: fact()})) == {
        "HA131": "c: both nodes reboot; expect up to 15 min (30 seen)"
    }


def test_firmware_that_is_not_the_expected_one_is_a_warning() -> None:
    new = cluster(Action.CREATE, None, values(A, B, firmware="6.4"))
    (one,) = [f for f in found(new, facts=facts({A: fact(), B: fact()})) if f.rule == "HA006"]
    assert (one.severity, one.message) == ("warning", "c: expected firmware 6.4, both nodes run 6.3")


def test_the_pair_as_it_is_already_formed_is_taken_over_without_a_word() -> None:
    formed = facts({A: fact(cluster=A, site="s"), B: fact(cluster=A, site="s")}, (A, B), "formed")
    assert rules(NEW, facts=formed) == {}


def test_the_pair_formed_the_other_way_round_is_refused() -> None:
    formed = facts({A: fact(cluster=B, site="s"), B: fact(cluster=B, site="s")}, (B, A), "formed")
    assert "already formed" in rules(NEW, facts=formed)["HA010"]


def test_one_changed_node_is_a_replacement() -> None:
    assert set(rules(SWAP, facts=facts({A: fact(site="s"), C: fact()}, (A, B), "formed"))) == {"HA144"}


@pytest.mark.parametrize(
    ("runs", "conductor", "refused"),
    [("6.3.0-1", "6.2.9-9", True), ("6.10.0", "6.9.0", True), ("6.3.0-9", "6.3.0-1", False), ("6.2.5", "6.3", False),
     ("", "6.3.0", False), ("6.3.0", "", False)],
)  # fmt: skip
def test_a_box_newer_than_its_conductor_is_refused(runs: str, conductor: str, refused: bool) -> None:
    known = facts({A: fact(firmware=runs), B: fact(firmware=runs)})
    said = rules(NEW, facts={"cluster.c": {**known["cluster.c"], "conductor": conductor}})
    assert ("HA150" in said) == refused


def test_both_changed_nodes_are_refused() -> None:
    both = cluster(Action.UPDATE, values(A, B), values(C, LOW))
    assert rules(both)["HA135"] == "refusing to change both nodes of c in one plan unless that is asked for"


def test_a_lower_replacement_changes_the_id_and_maybe_the_node_numbers() -> None:
    lower = cluster(Action.UPDATE, values(A, B), values(A, LOW))
    said = rules(lower, facts=facts({A: fact(site="s"), LOW: fact()}, (A, B), "formed"))
    assert said["HA134"] == (
        f"c: id changes from 00000000-0000-0000-1000-{A} to 00000000-0000-0000-1000-{LOW} because node0 changes"
    )
    assert said["HA138"] == f"{LOW} is lower than the survivor; node numbers may swap"


def test_deleting_a_pair_says_what_is_lost_and_does_not_forbid_it() -> None:
    one, other = found(cluster(Action.DELETE, values(A, B), None))
    assert (one.rule, one.severity, other.rule) == ("HA140", "warning", "HA144")
    assert one.message == (
        f"deleting c leaves {A} and {B} without site and configuration: "
        "2 devices become unassigned, site s loses its WAN edge"
    )


def test_a_box_of_another_recorded_cluster_is_not_taken() -> None:
    other = row("cluster.other", "cluster", "other", values(B, C))
    assert rules(NEW, rows=(other,))["HA141"] == f"{B} is a member of cluster.other; dissolve it first"
    assert "HA141" not in rules(NEW, rows=(attrs.evolve(other, address="cluster.c"),))


def test_the_fabric_of_a_living_pair_stays() -> None:
    change = template(Action.UPDATE, {"interfaces": FABRIC}, {"interfaces": {}})
    living = row("cluster.c", "cluster", "c", values(A, B))
    assert (
        rules(change, rows=(living,))["HA143"] == "t: removing the fabric of a live cluster disables the secondary node"
    )
    assert "HA143" not in rules(change, cluster(Action.DELETE, values(A, B), None), rows=(living,))
    assert "HA143" not in rules(template(Action.UPDATE, {"interfaces": FABRIC}, {"interfaces": FABRIC}), rows=(living,))


def test_a_template_change_says_how_many_sites_it_reaches() -> None:
    change = template(Action.UPDATE, {}, {})
    ours = row("site.s", "site", "s", {})
    said = found(change, rows=(ours,), facts={"wan_edge_template.t": {"bound": ["s", "x"]}})
    assert [(f.rule, f.severity, f.message) for f in said] == [
        ("HA122", "warning", "t is bound to 2 sites, 1 of them not in this stack")
    ]
    alone = found(change, rows=(ours,), facts={"wan_edge_template.t": {"bound": ["s"]}})
    assert [(f.rule, f.severity) for f in alone] == [("HA122", "info")]


def test_a_hub_wan_that_goes_takes_a_path_from_its_spokes() -> None:
    wan = {"wan0": {"usage": "wan", "endpoint": "h1-wan0"}}
    change = Change(
        address="hub_profile.h1",
        type="hub_profile",
        name="h1",
        provider="mist",
        action=Action.UPDATE,
        before={"interfaces": wan},
        after={"interfaces": {}},
    )
    spoke = {"interfaces": {"wan0": {"usage": "wan", "overlay": {"h1-wan0": {}}}}}
    rows = (row("wan_edge_template.t", "wan_edge_template", "t", spoke), row("cluster.c", "cluster", "c", values(A)))
    assert rules(change, rows=rows)["HA075"] == "removing h1-wan0 takes a path away from 1 spoke site: s"


def test_a_hub_does_not_go_while_its_spokes_stay(stack: Any) -> None:
    from pathlib import Path

    text = (Path(__file__).parent / "cases" / "ssr.txt").read_text()
    gone = Change(
        address="cluster.hub",
        type="cluster",
        name="hub",
        provider="mist",
        action=Action.DELETE,
        before={"profile": "h1", "nodes": {A: {}, B: {}}, "site": "hub"},
    )
    said = check("P", PlanView(stack=stack(text), state=State(), changes=(gone,), seen={}, facts={}), RULES)
    assert {f.message for f in said if f.rule == "HA074"} == {
        "cluster.one depends on h1: cluster.hub cannot go while it stays",
        "cluster.two depends on h1: cluster.hub cannot go while it stays",
    }


def test_another_order_of_paths_moves_traffic() -> None:
    def paths(*names: str, strategy: str = "ordered") -> dict[str, Any]:
        return {"strategy": strategy, "paths": [{"kind": "wan", "name": name} for name in names]}

    def said(before: Any, after: Any) -> str | None:
        change = Change(
            address="steering.t.s",
            type="steering",
            name="s",
            provider="mist",
            action=Action.UPDATE,
            before=before,
            after=after,
        )
        return rules(change).get("HA095")

    assert said(paths("wan0", "wan1"), paths("wan1", "wan0")) == "s: traffic moves from wan0 > wan1 to wan1 > wan0"
    assert said(paths("a", "b", strategy="ecmp"), paths("b", "a", strategy="ecmp")) is None


def test_a_moved_policy_is_said() -> None:
    change = Change(
        address="policy.t.p",
        type="policy",
        name="p",
        provider="mist",
        action=Action.UPDATE,
        before={},
        after={},
        position=(3, 1),
    )
    assert rules(change)["HA108"] == "p moves from 3 to 1"


def test_nothing_known_of_the_devices_breaks_no_rule() -> None:
    odd = [
        cluster(Action.CREATE, None, None), cluster(Action.UPDATE, {}, {}), cluster(Action.DELETE, {}, None),
        cluster(Action.REPLACE, values(A), values()),
        template(Action.UPDATE, {"interfaces": None}, {"interfaces": None}),
    ]  # fmt: skip
    for change in odd:
        found(change, facts={"cluster.c": {}})
        found(change, facts={"cluster.c": {"nodes": {}, "pair": [], "status": "none"}})


@pytest.mark.parametrize(("expected", "left", "says"), [(40, 30, "40 calls planned, 30 left this hour"), (40, 40, "")])
def test_a_plan_that_does_not_fit_into_the_hour_is_warned_of(expected: int, left: int, says: str) -> None:
    view = PlanView(
        stack=None,
        state=State(),
        changes=(),
        seen={},
        facts={},
        calls=(
            Calls(provider="mist", made=12, expected=expected, left=left, limit=5000),
            Calls(provider="ssr", made=3, expected=9),
        ),
    )
    found = [(one.severity, one.message) for one in check("P", view, RULES) if one.rule == "HA169"]
    assert found == ([("warning", says)] if says else [])


def test_a_hardware_refresh_that_was_asked_for_is_not_refused() -> None:
    both = cluster(Action.REPLACE, values(A, B), values(C, LOW))
    assert "HA135" in rules(both)
    asked = attrs.evolve(both, reason=Reason.ASKED_FOR)
    assert "HA135" not in rules(asked, facts=facts({C: fact(), LOW: fact()}))


def test_boxes_of_another_model_than_the_stack_says_are_named_as_what_they_are() -> None:
    both = facts({A: fact(model="SSR130"), B: fact(model="SSR130")})
    (one,) = [f for f in found(NEW, facts=both) if f.rule == "HA003"]
    assert one.message == f"c: {A} and {B} are SSR130, the stack says SSR120"
    assert one.hint == 'write model="SSR130", with its ports, or take boxes of that model'


@pytest.mark.parametrize("connected", [True, False])
def test_the_new_boxes_of_a_refresh_are_there_before_the_old_pair_goes(connected: bool) -> None:
    asked = attrs.evolve(cluster(Action.REPLACE, values(A, B), values(C, LOW)), reason=Reason.ASKED_FOR)
    said = found(asked, facts=facts({C: fact(), LOW: fact(connected=connected)}))
    assert [one.severity for one in said if one.rule == "HA008"] == ([] if connected else ["error"])


def test_a_box_in_service_is_named_before_it_becomes_half_of_a_pair() -> None:
    serving = fact(site="s", in_service=True)
    assert (
        rules(NEW, facts=facts({A: serving, B: fact()}))["HA132"] == f"{A} is in service at s; conversion interrupts it"
    )
    assert "HA132" not in rules(NEW, facts=facts({A: fact(site="s"), B: fact()}))


FORMED = {"cluster.c": {"nodes": {A: fact(site="s"), B: fact(site="s")}, "pair": [A, B], "status": "formed"}}


@pytest.mark.parametrize(
    ("rule", "more", "says"),
    [
        ("HA124", {"overrides": ["vars.X"]},
         "c: its device overrides vars.X; what the template says there has no effect"),
        ("HA125", {"others": [{"mac": C, "name": "old", "kind": "standalone"}]},
         f"c: its site also holds old ({C}), a standalone gateway; the site's template reaches them too"),
        ("HA162", {"amiss": ["refuses its configuration: x"]}, "c: refuses its configuration: x"),
        ("HA177", {"links_down": ["the control link is Down"]}, "c: the control link is Down"),
        ("HA180", {"paths_down": ["wan0 to h1-wan0"]}, "c: an overlay path is down: wan0 to h1-wan0"),
        ("HA180", {"paths_down": ["a", "b"], "cut_off": True}, "c: none of its overlay paths is up: a, b"),
        ("HA180", {"tunnels_down": ["zs"]}, "c: tunnel zs is down"),
        ("HA181", {"bgp_down": ["10.0.0.2 is active"]}, "c: BGP neighbour 10.0.0.2 is active"),
        ("HA184", {"groups_failing": ["RG1: interface-monitoring"]}, "c: RG1: interface-monitoring"),
        ("HA186", {"alarms": [["gateway_down", 60.0]]}, "c: alarm gateway_down is open since 1970-01-01 00:01 UTC"),
    ],
)  # fmt: skip
def test_what_a_pair_that_stays_is_like_is_a_warning(rule: str, more: dict[str, Any], says: str) -> None:
    known = {"cluster.c": {**FORMED["cluster.c"], **more}}
    assert [(one.rule, one.severity, one.message) for one in found(facts=known)] == [(rule, "warning", says)]
    assert found(facts=FORMED) == ()
