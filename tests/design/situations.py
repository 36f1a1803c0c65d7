"""What the rules at plan look at, by data: a situation that trips each, and the nearest that does not.

A pair `c` at site `s` of the boxes `A` and `B`; `C` is a spare, `LOW` one whose MAC address sorts before them.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from haplan.model.finding import Severity
from haplan.model.plan import Action, Calls, Change, Impact
from haplan.model.reason import Reason
from haplan.model.state import Row

A, B, C, LOW = "02005e000020", "02005e000021", "02005e000022", "02005e000001"
FABRIC = {"ha-fabric": {"usage": "ha_data", "ports": "ge-0/0/4,ge-1/0/4"}}


def values(*macs: str, **more: Any) -> dict[str, Any]:
    return {"site": "s", "model": "SSR120", "template": "t", "nodes": {mac: {} for mac in macs}, **more}


def fact(**more: Any) -> dict[str, Any]:
    return {
        "known": True, "model": "SSR120", "serial": "X", "firmware": "6.3", "site": "", "connected": True,
        "managed": True, "cluster": "", **more,
    }  # fmt: skip


def change(kind: str, name: str, action: Action, before: Any = None, after: Any = None, **more: Any) -> Change:
    return Change(
        address=f"{kind}.{name}", type=kind, name=name.rpartition(".")[2], provider="mist", action=action,
        before=before, after=after, location="stack.py:9", **more,
    )  # fmt: skip


def cluster(action: Action, before: Any, after: Any) -> Change:
    return change("cluster", "c", action, before, after)


def template(action: Action, before: Any, after: Any) -> Change:
    return change("wan_edge_template", "t", action, before, after)


def row(address: str, kind: str, name: str, values: dict[str, Any]) -> Row:
    return Row(address=address, type=kind, provider="mist", name=name, values=values)


def facts(nodes: dict[str, Any], pair: tuple[str, ...] = (), status: str = "none", **more: Any) -> dict[str, Any]:
    return {"cluster.c": {"nodes": nodes, "pair": list(pair), "status": status, **more}}


def formed(
    first: Mapping[str, Any] | None = None, second: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """The facts of the pair as it stands."""
    nodes = {A: fact(site="s", **(first or {})), B: fact(site="s", **(second or {}))}
    return facts(nodes, (A, B), "formed", **more)


NEW = cluster(Action.CREATE, None, values(A, B))
SWAP = cluster(Action.UPDATE, values(A, B), values(A, C))
LOWER = cluster(Action.UPDATE, values(A, B), values(A, LOW))
BOTH = cluster(Action.REPLACE, values(A, B), values(C, LOW))
ASKED = attrs.evolve(BOTH, reason=Reason.ASKED_FOR)
GONE = cluster(Action.DELETE, values(A, B), None)
RENAMED = cluster(Action.UPDATE, values(A, B), values(A, B, firmware="6.3"))
PUSH = change("site", "s", Action.UPDATE, {}, {}, sites=("s",), impact=Impact("config-push"))
LIVING = row("cluster.c", "cluster", "c", values(A, B))


@attrs.frozen(kw_only=True)
class Seen:
    """One situation at plan."""

    changes: tuple[Change, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    calls: tuple[Calls, ...] = ()


@attrs.frozen(kw_only=True)
class Situation:
    """A rule at plan: what trips it, with a piece of what it says, and the nearest situation that does not."""

    rule: str
    trips: Seen
    near: Seen
    says: str
    severity: Severity | None = None


def of_new(rule: str, says: str, wrong: Mapping[str, Any], severity: Severity | None = None) -> Situation:
    """A pair that is to be formed with one wrong box."""
    return Situation(
        rule=rule, says=says, severity=severity,
        trips=Seen(changes=(NEW,), facts=facts({A: fact(), B: fact(**wrong)})),
        near=Seen(changes=(NEW,), facts=facts({A: fact(), B: fact()})),
    )  # fmt: skip


def of_swap(rule: str, says: str, wrong: Mapping[str, Any]) -> Situation:
    """A pair one box of which is replaced by a wrong one."""
    return Situation(
        rule=rule, says=says,
        trips=Seen(changes=(SWAP,), facts=facts({A: fact(site="s"), C: fact(**wrong)}, (A, B), "formed")),
        near=Seen(changes=(SWAP,), facts=facts({A: fact(site="s"), C: fact()}, (A, B), "formed")),
    )  # fmt: skip


def of_formed(rule: str, says: str, **wrong: Any) -> Situation:
    """A pair that stands, and something about it."""
    return Situation(
        rule=rule, says=says, severity="warning", trips=Seen(facts=formed(**wrong)), near=Seen(facts=formed())
    )


def of_change(rule: str, says: str, trips: Change, near: Change, **more: Any) -> Situation:
    """One change against another."""
    seen = {name: more.pop(name) for name in ("rows", "facts") if name in more}
    return Situation(
        rule=rule, says=says, trips=Seen(changes=(trips,), **seen), near=Seen(changes=(near,), **seen), **more
    )


def _paths(*names: str) -> dict[str, Any]:
    return {"strategy": "ordered", "paths": [{"kind": "wan", "name": name} for name in names]}


def _steering(*names: str) -> Change:
    return change("steering", "t.s", Action.UPDATE, _paths("wan0", "wan1"), _paths(*names))


def _policy(**found: Any) -> Seen:
    told = {"id": "1", "name": "all", "known": ["all (1)"], "overrides": [], **found}
    policy = change("policy", "t.p", Action.CREATE, None, {})
    return Seen(changes=(policy,), facts={"policy.t.p": {"organisation_policy": told}})


def _hub(*wans: str) -> Change:
    before = {"wan0": {"usage": "wan", "endpoint": "h1-wan0"}}
    after = {name: before[name] for name in wans}
    return change("hub_profile", "h1", Action.UPDATE, {"interfaces": before}, {"interfaces": after})


SPOKE = {"interfaces": {"wan0": {"usage": "wan", "overlay": {"h1-wan0": {}}}}}
SRX = {"model": "SRX340"}
AWAY = {"firmware": "6.2"}
MIXED = Seen(changes=(PUSH,), facts=formed(second=AWAY), rows=(LIVING,))

SITUATIONS = (
    of_new("HA003", f"c: node models differ ({A} is SSR120, {B} is SSR130)", {"model": "SSR130"}),
    of_new("HA006", f"c: firmware differs ({A} 6.3, {B} 6.2); align before clustering", {"firmware": "6.2"}),
    of_formed("HA006", f"c: its nodes run different firmware ({A} 6.3, {B} 6.2)", second=AWAY),
    of_new("HA007", f"{B} is not in the organisation inventory; claim or adopt it first", {"known": False}),
    of_new("HA008", f"{B} is not connected; clustering would leave a half-formed pair", {"connected": False}),
    of_new("HA009", f"{B} is in site elsewhere, expected s", {"site": "elsewhere"}),
    of_new("HA010", f"{B} is already a member of cluster 02005e0000ff", {"cluster": "02005e0000ff"}),
    of_new("HA011", f"{B} is not managed by Mist", {"managed": False}),
    of_change("HA075", "removing h1-wan0 takes a path away from 1 spoke site: s", _hub(), _hub("wan0"),
              rows=(row("wan_edge_template.t", "wan_edge_template", "t", SPOKE), LIVING)),
    of_change("HA095", "s: traffic moves from wan0 > wan1 to wan1 > wan0", _steering("wan1", "wan0"),
              _steering("wan0", "wan1")),
    of_change("HA108", "p moves from 3 to 1", change("policy", "t.p", Action.UPDATE, {}, {}, position=(3, 1)),
              change("policy", "t.p", Action.UPDATE, {}, {})),
    Situation(rule="HA111", says="p: organisation policy 1 not found", trips=_policy(name=""), near=_policy()),
    Situation(rule="HA112", says="p: comes from organisation policy all", trips=_policy(), near=_policy(name="")),
    Situation(rule="HA122", says="t is bound to 2 sites, 1 of them not in this stack",
              trips=Seen(changes=(template(Action.UPDATE, {}, {}),), rows=(row("site.s", "site", "s", {}),),
                         facts={"wan_edge_template.t": {"bound": ["s", "x"]}}),
              near=Seen(changes=(template(Action.UPDATE, {}, {}),), facts={"wan_edge_template.t": {"bound": []}})),
    of_formed("HA124", "c: its device overrides vars.X", overrides=["vars.X"]),
    of_formed("HA125", f"c: its site also holds old ({C}), a standalone gateway",
              others=[{"mac": C, "name": "old", "kind": "standalone"}]),
    of_change("HA131", "c: both nodes reboot; expect up to 15 min (30 seen)", NEW, RENAMED),
    of_new("HA132", f"{B} is in service at s; conversion interrupts it", {"in_service": True, "site": "s"}),
    of_change("HA134", "c: id changes from", LOWER, SWAP),
    of_change("HA135", "refusing to change both nodes of c in one plan unless that is asked for", BOTH, ASKED),
    of_swap("HA136", f"{C} is SSR130, expected SSR120", {"model": "SSR130"}),
    of_swap("HA137", f"{C} is assigned to elsewhere", {"site": "elsewhere"}),
    of_change("HA138", f"{LOW} is lower than the survivor; node numbers may swap", LOWER, SWAP),
    of_change("HA140", f"deleting c leaves {A} and {B} without site", GONE, RENAMED, severity="warning"),
    Situation(rule="HA141", says=f"{B} is a member of cluster.other; dissolve it first",
              trips=Seen(changes=(NEW,), rows=(row("cluster.other", "cluster", "other", values(B, C)),)),
              near=Seen(changes=(NEW,), rows=(row("cluster.other", "cluster", "other", values(C, LOW)),))),
    of_change("HA143", "t: removing the fabric of a live cluster disables the secondary node",
              template(Action.UPDATE, {"interfaces": FABRIC}, {"interfaces": {}}),
              template(Action.UPDATE, {"interfaces": FABRIC}, {"interfaces": FABRIC}), rows=(LIVING,)),
    of_change("HA144", f"do not reset {A} and {B} before c is dissolved", GONE, RENAMED),
    of_change("HA144", f"do not reset {B} while it is a member of c", SWAP, RENAMED),
    Situation(rule="HA146", says=f"this reaches c: mixed firmware ({A} 6.3, {B} 6.2)", trips=MIXED,
              near=attrs.evolve(MIXED, facts=formed())),
    Situation(rule="HA146", says=f"this reaches c: mixed firmware ({A} 6.3, {B} 6.2)", trips=MIXED,
              near=attrs.evolve(MIXED, changes=(attrs.evolve(PUSH, sites=("elsewhere",)),))),
    Situation(rule="HA146", says=f"this reaches c: mixed firmware ({A} 6.3, {B} 6.2)", trips=MIXED,
              near=attrs.evolve(MIXED, changes=(PUSH, GONE))),
    Situation(rule="HA148", says="c: the in-band cluster upgrade (ICU)",
              trips=Seen(facts=formed(first=SRX, second={**SRX, **AWAY})),
              near=Seen(facts=formed(second=AWAY))),
    Situation(rule="HA149", says="ICU cannot reach 24.4R1 on SRX340; use the manual procedure", severity="warning",
              trips=Seen(changes=(cluster(Action.UPDATE, values(A, B), values(A, B, firmware="24.4R1.9")),),
                         facts=formed(first=SRX, second=SRX)),
              near=Seen(changes=(cluster(Action.UPDATE, values(A, B), values(A, B, firmware="24.4R1.9")),),
                        facts=formed(first={"model": "SRX1600"}, second={"model": "SRX1600"}))),
    Situation(rule="HA150", says=f"{A} runs 6.3, which is newer than the conductor's 6.2.9",
              trips=Seen(changes=(NEW,), facts=facts({A: fact(), B: fact()}, conductor="6.2.9")),
              near=Seen(changes=(NEW,), facts=facts({A: fact(), B: fact()}, conductor="6.3.0"))),
    Situation(rule="HA152", says="c: boxes are upgraded at their first contact everywhere",
              trips=Seen(changes=(NEW,), facts=facts({}, auto_upgrade={"pinned": []})),
              near=Seen(changes=(NEW,), facts=facts({}, auto_upgrade={"pinned": ["SSR120"]}))),
    of_formed("HA162", "c: refuses its configuration: x", amiss=["refuses its configuration: x"]),
    Situation(rule="HA166", says="this change touches what boxes are managed over: c node0 wan0",
              trips=Seen(changes=(PUSH,), facts={"site.s": {"management": ["c node0 wan0"]}}),
              near=Seen(changes=(PUSH,), facts={"site.s": {"management": []}})),
    Situation(rule="HA169", says="40 calls planned, 30 left this hour",
              trips=Seen(calls=(Calls(provider="mist", made=12, expected=40, left=30, limit=5000),)),
              near=Seen(calls=(Calls(provider="mist", made=12, expected=40, left=40, limit=5000),))),
    of_formed("HA176", f"c: node1 {B} is offline", second={"connected": False}),
    of_formed("HA177", "c: the control link is Down", links_down=["the control link is Down"]),
    of_formed("HA180", "c: an overlay path is down: wan0 to h1-wan0", paths_down=["wan0 to h1-wan0"]),
    of_formed("HA181", "c: BGP neighbour 10.0.0.2 is active", bgp_down=["10.0.0.2 is active"]),
    of_formed("HA184", "c: RG1: interface-monitoring", groups_failing=["RG1: interface-monitoring"]),
    of_formed("HA186", "c: alarm gateway_down is open since 1970-01-01", alarms=[["gateway_down", 60.0]]),
)  # fmt: skip
"""Rules at plan."""
