"""From boxes that stand alone to a configured pair, one change, and back."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan import engine
from haplan.errors import HaplanError
from haplan.host.session import Options, open_session
from haplan.model.plan import Action
from haplan.plugin import Reading
from haplan_srx.read import resources
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
NEW = 'allow("guest-web", [guest], web, first)'
DOCUMENTS = ["cluster:shop1", "device:shop1"]


def test_the_worked_example_is_formed_configured_and_then_as_the_stack_says(example: World) -> None:
    done = example.apply()
    assert (done.exit_code, len(done.done)) == (0, 35)
    assert done.outputs["h1_device_id"] == "02005e300a10"
    again = example.plan()
    assert (again.changes, again.drift) == ((), ())


def test_a_policy_in_the_middle_is_one_commit_on_each_device_and_one_line_in_the_plan(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    plan = world.plan()
    assert [(one.address, one.action) for one in plan.changes] == [("policy.edge.guest-web", Action.CREATE)]
    assert [str(one.document) for one in plan.transactions] == ["device:shop1", "device:shop2"]
    before = world.commits(node_of(1))
    assert world.apply().exit_code == 0
    commits = world.commits(node_of(1))[len(before) :]
    assert [log.split()[0] for log in commits] == ["haplan", "haplan"]  # confirmed, and its confirmation
    assert commits[1] == f"{commits[0]} confirmed"
    session = world.session(node_of(1))
    session.close()
    evidence = world.evidence()["device:shop1"]
    assert "policy guest-web" in evidence
    assert "office-web" not in evidence
    assert world.plan().changes == ()


def test_one_policy_for_many_pairs_is_one_line_and_one_commit_each_and_a_pair_that_failed_is_offered_alone(
    shops: Shops,
) -> None:
    world = shops(3)
    assert world.apply().exit_code == 0
    world.misbehave('[srx]\n[[srx.fault]]\non = "commit-configuration"\ndevice = "020000030000"\nerror = "no"\n')
    world.edit("# here", NEW)
    plan = world.plan()
    assert [(one.address, one.action) for one in plan.changes] == [("policy.edge.guest-web", Action.CREATE)]
    assert [str(one.document) for one in plan.transactions] == ["device:shop1", "device:shop2", "device:shop3"]
    before = [len(world.commits(node_of(number))) for number in (1, 2, 3)]
    assert world.apply().exit_code == 3
    made = [len(world.commits(node_of(number))) - had for number, had in zip((1, 2, 3), before, strict=True)]
    assert made == [2, 2, 0]  # confirmed, and its confirmation
    assert [str(one.document) for one in world.plan().transactions] == ["device:shop3"]
    assert world.apply().exit_code == 0
    made = [len(world.commits(node_of(number))) - had for number, had in zip((1, 2, 3), before, strict=True)]
    assert made == [2, 2, 2]
    assert world.plan().changes == ()


def test_a_pair_moves_to_the_site_of_another_one_and_has_its_addresses_then(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    world.edit("for number in [", "home = None\nfor number in [")
    world.edit("    macs =", "    home = home or site\n    macs =")
    world.edit("site=site, template", "site=home, template")
    assert world.apply().exit_code == 0
    assert any("10.2.0.1/24" in line for line in world.lines(node_of(1)))
    assert not any("10.1.0" in line for line in world.lines(node_of(1)))
    assert world.plan().changes == ()


def test_what_is_destroyed_leaves_the_boxes_as_they_were(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    read, orders = resources.read, list[list[str]]()

    def seen(*asked: Any) -> Reading:
        found = read(*asked)
        orders.extend(map(list, found.orders.values()))
        return found

    monkeypatch.setattr(resources, "read", seen)
    world = shops()
    world.plan()
    before = world.lines(node_of(1))
    assert world.apply().exit_code == 0
    assert world.lines(node_of(1)) != before
    orders.clear()
    result = world.apply(destroy=True)
    assert (result.exit_code, result.moved) == (0, ())  # nobody moved what goes
    assert orders == [["office-web", "guest-out"]] * 2  # at the plan and before the write
    assert world.lines(node_of(1)) == before
    assert world.plan().count(Action.CREATE) == len(world.plan().changes)


def test_a_plan_file_is_carried_out_by_another_process_policies_in_the_middle_included(shops: Shops) -> None:
    world = shops()
    for number in range(5):
        world.edit("# here", f'allow("z{9 - number}", [guest], web, first)\n# here')
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    assert world.apply_file().exit_code == 0
    assert world.plan().changes == ()


def test_the_worked_example_is_destroyed_with_one_commit_a_device(example: World) -> None:
    example.plan()
    macs = ("02005e300a10", "02005e300c30")
    before = [example.lines(mac) for mac in macs]
    assert example.apply().exit_code == 0
    documents = [str(one.document) for one in example.plan(destroy=True).transactions]
    assert sorted(documents) == sorted(set(documents))
    result = example.apply(destroy=True)
    assert result.moved == ()  # nobody moved what goes
    assert (result.exit_code, [one.text for one in result.failed]) == (0, [])
    assert [example.lines(mac) for mac in macs] == before


@pytest.mark.parametrize(
    "address", ["cluster.shop1", "network.office", "wan_edge_template.edge", "policy.edge.guest-out"]
)
def test_nothing_is_imported_by_an_id_that_nothing_has(shops: Shops, address: str) -> None:
    world = shops()
    opened = open_session(world.folder, Options(lab=True), environ={})
    with opened as session, pytest.raises(HaplanError, match=f"{address}: there is no such object with id nonsense"):
        engine.import_(session, address, "nonsense")


def test_a_pair_that_stands_is_imported_by_its_own_words_alone(shops: Shops) -> None:
    world = shops()
    assert world.apply(state=f"sqlite:///{world.folder}/other.db").exit_code == 0
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        for word in ("nonsense", node_of(2)):
            with pytest.raises(HaplanError, match=f"cluster.shop1: there is no such object with id {word}"):
                engine.import_(session, "cluster.shop1", word)
        for word in ("shop1", node_of(1)):
            assert [one.id for one in engine.import_(session, "cluster.shop1", word).changes] == [node_of(1)]
