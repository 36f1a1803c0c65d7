"""``plan --check-on-device``: the device's own word, before anything is applied."""

from collections.abc import Callable

from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
NEW = 'allow("guest-web", [guest], web, first)'


def test_the_plan_shows_what_each_device_says_and_leaves_nothing_behind(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    commits, lines = world.commits(node_of(1)), world.lines(node_of(1))
    plan = world.plan(check_on_device=True)
    assert ["policy guest-web" in one.rehearsed for one in plan.transactions] == [True, True]
    text = plain(plan_lines(plan))
    assert "Checked on the devices\n  device:shop1, device:shop2\n    [edit" in text
    assert (world.commits(node_of(1)), world.lines(node_of(1))) == (commits, lines)
    assert world.apply().exit_code == 0


def test_what_a_device_would_refuse_is_an_error_of_the_plan(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    world.misbehave('[[srx.fault]]\non = "commit-configuration"\nerror = "policy table is full"\n')
    (finding,) = [one for one in world.plan(check_on_device=True).findings if one.severity == "error"]
    assert finding.address == "policy.edge.guest-web"
    assert "policy table is full" in finding.message


def test_a_box_that_is_to_join_a_pair_is_asked_too(shops: Shops) -> None:
    plan = shops().plan(check_on_device=True)
    assert ["policy office-web" in one.rehearsed for one in plan.transactions] == [False, True]


def test_what_a_box_would_refuse_is_known_before_it_restarts_though_nobody_asked(shops: Shops) -> None:
    world = shops(lab='[[srx.fault]]\non = "commit-configuration"\nerror = "policy table is full"\n')
    plan = world.plan()
    (finding,) = [one for one in plan.findings if one.severity == "error"]
    assert (finding.rule, finding.address) == ("CHECK", "site.shop1")
    assert "policy table is full" in finding.message
    assert [one.rehearsed for one in plan.transactions] == ["", ""]
    world.misbehave("")
    assert not [one for one in world.plan().findings if one.severity == "error"]
    before = world.lines(node_of(1))
    assert not [one for one in world.plan(refresh=False).findings if one.severity == "error"]
    assert world.lines(node_of(1)) == before
