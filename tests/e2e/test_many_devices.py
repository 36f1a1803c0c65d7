"""One template on many devices: each comes to an end of its own, and is told so."""

from collections.abc import Callable

from haplan import engine
from haplan.model.state import State
from haplan.report.lines import plain
from haplan.report.result import result_lines
from haplan.report.state import placed, row_lines
from tests.e2e.test_waves import SPOKES
from tests.e2e.world import World
from tests.mixed import mixed

Example = Callable[[str], World]
RULE = 'Policy("more", template=edge, networks=[guest], action="deny", applications=[anything])\n'
NEW = """
site = Site("s900", country_code="US", timezone="UTC")
Cluster("s900", site=site, template=edge, model="SSR120", nodes=["02005e900010", "02005e900011"])
"""


def state(world: World) -> State:
    with world.session() as session:
        return engine.read_state(session)


def applied(example: Example, count: int) -> World:
    world = example("one_pair")
    text = SPOKES % mixed(count)
    spare = text + NEW  # so that the boxes are in the lab
    (world.folder / "stack.py").write_text(spare)
    world.plan()
    (world.folder / "stack.py").write_text(text)
    assert world.apply().exit_code == 0
    return world


def test_a_device_that_refuses_a_template_fails_for_itself_alone(example: Example) -> None:
    world = applied(example, 4)
    world.misbehave('[[push]]\nsite = "s002"\nresult = "fail"\nreason = "no room"\n')
    world.edit("stack.py", "for number in", f"{RULE}for number in")
    (world.folder / "stack.py").write_text((world.folder / "stack.py").read_text() + NEW)
    result = world.apply()
    assert result.exit_code == 3
    (failed,) = result.failed
    assert failed.address == "policy.edge.more"
    assert failed.text == "done on 4 of 5: cluster.s002: GW_CONFIG_FAILED: no room"
    assert [(one.document, one.came, one.text) for one in failed.documents] == [
        ("cluster.s000", "done", ""),
        ("cluster.s001", "done", ""),
        ("cluster.s002", "failed", "GW_CONFIG_FAILED: no room"),
        ("cluster.s003", "done", ""),
        ("cluster.s900", "done", ""),
    ]
    assert """policy.edge.more: done on 4 of 5: cluster.s000, cluster.s001, cluster.s003, cluster.s900
      cluster.s002: failed: GW_CONFIG_FAILED: no room
""" in plain(result_lines(result))
    row = state(world).row("policy.edge.more")
    assert row is not None
    shown = plain(row_lines(row, placed(state(world), row.address)))
    assert "done on     4 of 5\n  missing on  cluster.s002 (GW_CONFIG_FAILED: no room)\n" in shown
    assert {"site.s900", "cluster.s900"} <= {one.address for one in result.done}
    world.misbehave("")
    again = world.plan()
    assert [(change.address, change.why) for change in again.changes] == [
        ("policy.edge.more", "missing on cluster.s002")
    ]
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()
    row = state(world).row("policy.edge.more")
    assert row is not None
    assert "missing" not in plain(row_lines(row))


def test_what_a_device_would_not_let_go_is_still_on_it_and_goes_with_the_next_apply(example: Example) -> None:
    world = applied(example, 3)
    before = (world.folder / "stack.py").read_text()
    world.edit("stack.py", "for number in", f"{RULE}for number in")
    assert world.apply().exit_code == 0
    world.misbehave('[[push]]\nsite = "s001"\nresult = "fail"\nreason = "no room"\n')
    (world.folder / "stack.py").write_text(before)
    (failed,) = world.apply().failed
    assert failed.text == "done on 2 of 3: cluster.s001: GW_CONFIG_FAILED: no room"
    world.misbehave("")
    (still,) = world.plan().changes
    assert (still.address, still.why) == ("policy.edge.more", "still on cluster.s001")
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()
    assert state(world).row("policy.edge.more") is None


def test_a_device_that_is_quick_to_refuse_does_not_end_the_wait_for_the_others(example: Example) -> None:
    world = applied(example, 3)
    world.misbehave(
        '[[push]]\nsite = "s000"\nresult = "queue"\nminutes = 5\n'
        '[[push]]\nsite = "s001"\nresult = "fail"\nreason = "no room"\n'
        '[[push]]\nsite = "s002"\nresult = "lock_failed"\n'
    )
    world.edit("stack.py", "for number in", f"{RULE}for number in")
    result = world.apply()
    (failed,) = result.failed
    assert result.seconds > 300
    assert failed.text == (
        "done on 1 of 3: cluster.s001: GW_CONFIG_FAILED: no room; cluster.s002: GW_CONFIG_LOCK_FAILED: "
        "configuration database is locked by another session"
    )
