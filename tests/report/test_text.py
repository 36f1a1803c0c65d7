"""A plan's text, whole, as a reader sees it."""

from textwrap import dedent

import attrs
import pytest

from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.plan import Action, Calls, Change, Impact, Order, OutputChange, Placed, Placement, Plan, Transaction
from haplan.model.reason import Reason
from haplan.model.value import Ref, Secret, Text, Unknown
from haplan.report.lines import plain
from haplan.report.text import drift_report, estates, plan_lines

REBOOT = Impact("outage", 900, False, "both nodes reboot")


def make(*changes: Change, **more: object) -> Plan:
    return Plan(
        **{  # type: ignore[arg-type]  # a test names the fields it needs
            "stack": "branch",
            "environment": "lab",
            "command": "apply",
            "lineage": "",
            "serial": 0,
            "changes": changes,
            **more,
        }
    )


def text(plan: Plan, **more: object) -> str:
    return "\n" + plain(plan_lines(plan, **more))  # type: ignore[arg-type]  # as above


def section(plan: Plan, heading: str) -> str:
    """The lines under a heading, without their common indent."""
    return "\n" + dedent(text(plan).split(f"\n{heading}\n")[1].split("\n\n")[0]).rstrip() + "\n"


def expect(words: str) -> str:
    return dedent(words)


def site(action: Action = Action.CREATE, **more: object) -> Change:
    return Change(
        **{"address": "site.branch", "type": "site", "name": "branch", "provider": "mist", "action": action, **more}
    )  # type: ignore[arg-type]


def test_a_first_plan_reads_from_verdict_to_next_step() -> None:
    template = Change(
        address="wan_edge_template.ha-branch",
        type="wan_edge_template",
        name="ha-branch",
        provider="mist",
        action=Action.CREATE,
        reason=Reason.NEW,
        location="stack.py:10",
        after={
            "dns_servers": ["8.8.8.8"],
            "interfaces": {
                "wan0": {"usage": "wan", "ports": "ge-0/0/0", "address": {"type": "dhcp"}, "source_nat": True},
                "lan": {
                    "usage": "lan",
                    "ports": "ge-0/0/3,ge-1/0/3",
                    "networks": {"guest": {"ip": "172.22.99.1/24"}},
                    "redundant": True,
                },
            },
        },
    )
    policy = Change(
        address="policy.ha-branch.guest-internet",
        type="policy",
        name="guest-internet",
        provider="mist",
        action=Action.CREATE,
        reason=Reason.NEW,
        location="stack.py:24",
        after={"networks": ["guest"], "action": "allow"},
    )
    cluster = Change(
        address="cluster.branch",
        type="cluster",
        name="branch",
        provider="mist",
        action=Action.CREATE,
        reason=Reason.NEW,
        impact=REBOOT,
        sites=("branch",),
        location="modules/hub.py:88, from stack.py:7 (spokes.csv:2)",
        after={"model": "SSR120", "site": "branch", "id": Unknown()},
    )
    document = "gatewaytemplate:ha-branch"
    plan = make(
        site(after={"country_code": "US", "variables": {"LAN": "10.1.1"}}, reason=Reason.NEW, location="stack.py:7"),
        template,
        policy,
        cluster,
        transactions=(
            Transaction(
                id="t1",
                stage=1,
                provider="mist",
                document="site:branch",
                placed=(Placed("site.branch", Placement(document="site:branch")),),
                writes=2,
                verb="create",
            ),
            Transaction(
                id="t2",
                stage=2,
                provider="mist",
                document=document,
                placed=tuple(Placed(c.address, Placement(document=document)) for c in (template, policy)),
                verb="create",
            ),
            Transaction(
                id="t3",
                stage=3,
                provider="mist",
                document="cluster:branch",
                placed=(Placed("cluster.branch", Placement(document="cluster:branch")),),
                writes=4,
                verb="create",
                seconds=900,
            ),
            Transaction(
                id="t4", stage=4, provider="mist", document="cluster:other", placed=(), gates=("t3",), verb="update"
            ),
        ),
        outputs=(OutputChange("branch_device_id", None, Ref("cluster.branch", ("id",))),),
        findings=(
            Finding(rule="HA055", severity="info", address="cluster.branch", message="the pair is attested"),
            Finding(rule="HA055", severity="info", address="cluster.other", message="the pair is attested"),
            Finding(
                rule="HA024",
                severity="warning",
                address="cluster.branch",
                message="firmware of node0 and node1 differs",
                location="stack.py:21",
                hint="install one version on both",
            ),
        ),
        identities={"mist": {"kind": "organisation", "id": "203d3d02", "name": "Demo"}},
        calls=(Calls(provider="mist", made=12, expected=9, left=4988, limit=5000),),
    )
    assert text(plan, next_step="haplan apply stacks/branch --lab") == expect("""
        branch · environment lab · mist organisation "Demo"
        4 to create, 0 to change, 0 to replace, 0 to delete · 8 writes in 4 transactions
        outage: 1 cluster created, both nodes reboot, at branch · about 15 min
        0 errors, 1 warning, 2 notes
        mist: 12 calls made, 9 more expected at apply, 4988 of 5000 left

        Changes
          + site.branch  stack.py:7
              country_code  "US"
              variables     LAN: "10.1.1"
          + wan_edge_template.ha-branch  stack.py:10
              dns_servers  ["8.8.8.8"]
              interfaces
                lan        networks: {guest: {ip: "172.22.99.1/24"}}, ports: "ge-0/0/3,ge-1/0/3",
                           redundant: true, usage: "lan"
                wan0       address: {type: "dhcp"}, ports: "ge-0/0/0", source_nat: true, usage: "wan"
          + policy.ha-branch.guest-internet  stack.py:24
              action    "allow"
              networks  ["guest"]
          + cluster.branch  modules/hub.py:88 (spokes.csv:2)
              outage at branch, about 15 min, not quickly undone: both nodes reboot
              id     (known after apply)
              model  "SSR120"
              site   "branch"

        Stages
           1 │ site:branch                create  2 writes
           2 │ gatewaytemplate:ha-branch  create  1 write   1 wan edge template, 1 policy
           3 │ cluster:branch             create  4 writes
           4 │ cluster:other              update  1 write   waits for cluster:branch verified

        Outputs
          + branch_device_id  (known after apply)

        Findings
          warning HA024  cluster.branch: firmware of node0 and node1 differs  stack.py:21
                         → install one version on both
          note    HA055  cluster.branch: the pair is attested
          1 note on what does not change: --full or haplan validate shows them

        To carry it out: haplan apply stacks/branch --lab
        """)


def test_an_update_shows_each_attribute_before_and_after() -> None:
    change = site(
        Action.UPDATE,
        reason=Reason.DRIFTED,
        sites=("branch",),
        impact=Impact("config-push"),
        location="stack.py:7",
        before={
            "timezone": "UTC",
            "variables": {"A": "1", "B": "2", "odd key": "x"},
            "address": "Main St",
            "psk": Secret("env:A", None, "1"),
        },
        after={"timezone": "Europe/Berlin", "variables": {"A": "1", "B": "3", "C": "4"}, "psk": Secret("env:A")},
    )
    assert section(make(change), "Changes") == expect("""
          ~ site.branch  stack.py:7
              it was changed outside haplan
              configuration push at branch
              - address               "Main St" → unset
              ~ psk                   (sensitive) → (sensitive)  (secret, not compared)
              ~ timezone              "UTC" → "Europe/Berlin"
              ~ variables.B           "2" → "3"
              + variables.C           "4"
              - variables["odd key"]  "x" → unset
        """)


def test_a_replacement_marks_what_forces_it() -> None:
    change = Change(
        address="cluster.a",
        type="cluster",
        name="a",
        provider="mist",
        action=Action.REPLACE,
        reason=Reason.FORCED,
        because="replaced because model changed",
        before={"model": "SSR120", "nodes": {"02005e100c30": {}}},
        after={"model": "SSR130", "nodes": {"02005e100c31": {}}},
        replaces=(("model",),),
        create_first=True,
        impact=REBOOT,
        sites=("a", "b", "c", "d", "e"),
    )
    assert section(make(change), "Changes") == expect("""
        +/- cluster.a
              replaced because model changed
              outage at a, b, c and 2 more, about 15 min, not quickly undone: both nodes reboot
              ~ model               "SSR120" → "SSR130"  # forces replacement
              - nodes.02005e100c30  {} → unset
              + nodes.02005e100c31  {}
        """)


def test_what_came_of_lists_is_told_by_entry_when_they_are_long() -> None:
    names = [f"network-number-{n}" for n in range(8)]
    change = site(
        Action.UPDATE,
        before={"networks": names, "paths": [{"name": "a", "cost": 1}]},
        after={"networks": [*names[1:], "new-one"], "paths": [{"name": "a", "cost": 2}]},
    )
    assert section(make(change), "Changes") == expect("""
        ~ site.branch
            ~ networks       8 → 8 entries
                - "network-number-0"
                + "new-one"
            ~ paths[0].cost  1 → 2
        """)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            site(Action.DELETE, reason=Reason.NOT_IN_STACK, before={"a": 1}, id="4f"),
            ["  - site.branch", "      the stack does not have it any more", '      id "4f"'],
        ),
        (
            site(Action.IMPORT, reason=Reason.TAKEN_OVER, before={}, after={}, importing="4f"),
            ["  ⇐ site.branch", '      takes "4f" into state', "      it is there already and is taken into state"],
        ),
        (site(Action.FORGET), ["  . site.branch", "      leaves the state; the estate keeps it"]),
        (site(Action.READ, after={"id": Unknown()}), [" <= site.branch", "      id  (known after apply)"]),
        (site(Action.NO_OP, previous_address="site.old"), ["  → site.branch", "      moves from site.old"]),
        (site(Action.UPDATE, reason=Reason.REORDERED, position=(4, 2)), ["  ~ site.branch", "      moves from 4 to 2"]),
        (
            site(Action.UPDATE, reason=Reason.REORDERED, position=(2, 2)),
            ["  ~ site.branch", "      stays at 2 while others pass it"],
        ),
        (
            site(Action.UPDATE, name="Branch 7", before={"a": None}, after={"a": Text(("x", Ref("b.c", ("id",))))}),
            ["  ~ site.branch", '      named "Branch 7"', "      + a  (known after apply)"],
        ),
    ],
)
def test_each_action_has_its_sign_and_its_words(change: Change, lines: list[str]) -> None:
    after_heading = text(make(change)).split("Changes\n")[1].splitlines()
    assert after_heading == lines


def test_a_sensitive_attribute_is_never_shown() -> None:
    secret = {"password": "hunter2", "nested": {"key": Secret("env:KEY", None, "hmac-sha256:aa")}}
    created = text(make(site(after=secret, sensitive=("password",))))
    updated = text(
        make(site(Action.UPDATE, before={**secret, "password": "hunter1"}, after=secret, sensitive=("password",)))
    )
    for shown in (created, updated):
        assert "hunter" not in shown
        assert "hmac" not in shown
    assert "      password  (sensitive)\n" in created
    assert "      ~ password  (sensitive) → (sensitive)\n" in updated


def test_no_changes_is_one_line_and_no_next_step() -> None:
    assert text(make(unchanged=31), next_step="haplan apply") == expect("""
        branch · environment lab
        No changes. The estate is as the stack says: 31 resources compared.
        """)


def test_drift_is_a_section_with_who_and_when() -> None:
    moved = Drift(
        address="policy.e.guest",
        type="policy",
        name="guest",
        recorded={"steering": "a"},
        seen={"steering": "b"},
        who="kim@example.com",
        when=1763800000.0,
    )
    gone = Drift(address="site.x", type="site", name="x", recorded={"a": 1}, seen=None)
    plan = make(drift=(moved, gone))
    assert "\n" + plain(drift_report(plan)) == expect("""
        branch · environment lab
        2 resources changed outside haplan, 1 of them gone

        Changed outside haplan
          ~ policy.e.guest  by kim@example.com, 2025-11-22 08:26 UTC
              ~ steering  "a" → "b"
          - site.x
              is gone
        """)
    assert "No changes. 2 resources changed outside haplan in a way that asks for no write." in text(plan)
    refreshed = text(attrs.evolve(plan, command="refresh"))
    assert "No changes. 2 resources changed outside haplan; applied, this plan takes it into state." in refreshed
    assert plain(drift_report(make())).endswith("No drift. The estate is as haplan left it.\n")


def test_a_plan_of_a_part_says_so_before_it_says_what_changes() -> None:
    plan = make(targets={"targets": ("site.*", "module.m"), "excludes": ("policy.x",)})
    part = "part of the stack: only site.*, module.m and its needs; without policy.x and what needs it"
    assert text(plan).split("\n")[2] == part
    assert "part of the stack" not in text(make(targets={"targets": (), "excludes": ()}))


def test_notes_name_orders_that_were_given_up() -> None:
    plan = make(
        site(),
        notes=("kim@h is writing this state now",),
        voided=(Edge("site.a", "wan_edge_template.b", "soft", "HA161"),),
    )
    assert section(plan, "Notes") == expect("""
        kim@h is writing this state now
        order given up, because one document is one write: HA161 (site.a before wan_edge_template.b)
        """)


def test_notes_on_what_does_not_change_are_counted_until_all_is_asked_for() -> None:
    policy = site(
        Action.UPDATE, address="policy.e.guest", type="policy", owner="wan_edge_template.e",
        before={"steering": "a"}, after={"steering": "b"},
    )  # fmt: skip
    plan = make(policy, findings=(
        Finding(rule="HA012", severity="info", address="cluster.far", message="node0 will be 02", location=""),
        Finding(rule="HA088", severity="info", address="steering.e.a", message="wan0 > wan1", location=""),
        Finding(rule="HA131", severity="warning", address="cluster.far", message="both nodes reboot", location=""),
    ))  # fmt: skip
    assert section(plan, "Findings") == expect("""
        warning HA131  cluster.far: both nodes reboot
        note    HA088  steering.e.a: wan0 > wan1
        1 note on what does not change: --full or haplan validate shows them
        """)
    assert "HA012  cluster.far" in text(plan, full=True)


def test_many_outages_of_one_sort_are_told_once() -> None:
    gone = [
        site(Action.DELETE, address=f"cluster.{name}", type="cluster", impact=Impact("outage", 300, False, name))
        for name in ("a", "b")
    ]
    assert "\noutage: 2 clusters deleted\n" in text(make(*gone))


def test_a_plan_that_only_refreshes_says_whether_anything_moved() -> None:
    assert "\nNo changes. Nothing moved outside haplan: 3 resources compared.\n" in text(
        make(command="refresh", unchanged=3)
    )


def test_a_plan_over_a_limit_says_so_last() -> None:
    assert text(make(site()), refused="limits(max_sites=0): this plan has 1", next_step="haplan apply").endswith(
        "\nThis plan cannot be applied: limits(max_sites=0): this plan has 1\n"
    )


def test_a_plan_with_errors_says_that_it_cannot_be_applied() -> None:
    shown = text(
        make(site(), findings=(Finding(rule="HA001", severity="error", address="site.branch", message="no"),)),
        next_step="haplan apply",
    )
    assert shown.endswith("This plan cannot be applied: mend the errors above, then plan again.\n")
    assert "haplan apply" not in shown


def test_two_hundred_like_writes_are_one_line_unless_all_is_asked_for() -> None:
    transactions = tuple(
        Transaction(id=f"t{n}", stage=1, provider="srx", document=f"device:spoke{n:03}", placed=()) for n in range(200)
    )
    plan = make(site(), transactions=transactions)
    assert "   1 │ 200 × device  update  1 write each · spoke000 … spoke199\n" in text(plan)
    assert text(plan, full=True).count("│ device:spoke") == 200


def test_a_new_sequence_is_told_at_its_document() -> None:
    order = Order("gatewaytemplate:e", "service_policies", ("a", "b"), ("b", "a"))
    plan = make(
        site(),
        transactions=(
            Transaction(id="t1", stage=1, provider="mist", document="gatewaytemplate:e", placed=(), orders=(order,)),
        ),
    )
    assert "   1 │ gatewaytemplate:e  update  1 write   sequence of service_policies\n" in text(plan)


def test_no_line_is_wider_than_100_columns_and_nothing_moves_the_cursor() -> None:
    change = site(after={"text": "word " * 100, "evil": "\x1b[2J", "other": "a\u202eb"})
    shown = text(make(change))
    assert max(map(len, shown.splitlines())) <= 100
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_long_plan_says_again_at_its_end_what_it_comes_to() -> None:
    plan = make(*(site(address=f"site.s{n}") for n in range(250)))
    shown = text(plan, next_step="haplan apply", full=True).splitlines()
    assert shown[-5:] == ["", *shown[2:4], "", "To carry it out: haplan apply"]
    assert shown[2].startswith("250 to create")
    assert text(make(site()), next_step="haplan apply").count("to create") == 1


def test_an_order_that_would_wait_at_a_gate_is_named_as_given_up_for_that() -> None:
    plan = make(site(), voided=(Edge("cluster.b", "policy.t.p", "gate", "a cluster before its policies"),))
    assert section(plan, "Notes") == expect("""
        order given up, because it would wait at a gate: a cluster before its policies (cluster.b before
            policy.t.p)
        """)


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        ("mist", "organisation", 'mist organisation "Demo"'),
        ("mist", "mist organisation", 'mist organisation "Demo"'),
        ("mist.east", "mist organisation", 'mist.east organisation "Demo"'),
        ("pond", "pond", 'pond "Demo"'),
        ("pond", "ponderosa", 'pond ponderosa "Demo"'),
        ("pond", "", 'pond "Demo"'),
    ],
)
def test_an_estate_is_told_by_its_provider_once_and_by_its_alias_always(key: str, kind: str, said: str) -> None:
    assert [*estates(make(identities={key: {"kind": kind, "id": "1", "name": "Demo"}}))] == [said]
