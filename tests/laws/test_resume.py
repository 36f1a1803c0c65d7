"""Resume forgets nothing: whatever was refused, lost or killed at any step, after enough applies without faults the
estate is that of an apply without any fault, and state says so."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from haplan.errors import HaplanError, ProviderError
from haplan.model.state import Row, State
from tests.laws.kills import MortalWorld
from tests.laws.stacks import NONE, Faults, Piece, Wanted, World, at_once, changes, faults, law

EDITS = (
    "resize", "resize", "drop", "drop", "add", "refer", "let go", "also", "also", "rules", "regroup", "rename",
)  # fmt: skip
REPLACING = ("destroy first", "create first", "with users")
ENOUGH = 4
"""Applies after which what went wrong once is as if it never had."""


def remembered(world: World) -> dict[str, Any]:
    """What state says, without what every run numbers anew."""
    state: State = world.project.state()
    ids = {row.id: f"<{row.name}>" for row in state.rows.values() if row.id}
    ids |= {f"token-{identity}": f"token of {name}" for identity, name in ids.items()}

    def plain(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {name: plain(value) for name, value in sorted(tree.items())}
        if isinstance(tree, list | tuple):
            return [plain(one) for one in tree]
        return ids.get(tree, tree) if isinstance(tree, str) else tree

    def said(row: Row) -> object:
        values = {name: value for name, value in row.values.items() if name in row.declared}
        return row.name, row.status, plain(values), plain(dict(row.private)), row.depends_on

    return {
        "rows": {key: said(row) for key, row in state.rows.items()},
        "orders": {str(where): row.names for where, row in state.orders.items()},
        "intents": state.intents,
    }


def settled(world: World, wanted: Wanted) -> None:
    """Apply until a plan is empty."""
    for _ in range(ENOUGH):
        world.apply(wanted)
        if world.plan(wanted).empty():
            return
    raise AssertionError(
        f"not empty: {[(c.key, c.action, c.reason, c.before, c.after) for c in world.plan(wanted).changes]}"
    )


def without_faults(world: World, stacks: Sequence[Wanted], parallelism: int) -> tuple[Any, Any]:
    for one in stacks:
        assume(world.possible(one))
        assume(world.apply(one, parallelism=parallelism).exit_code == 0)
    assume(world.plan(stacks[-1]).empty())
    return world.estate(stacks[-1]), remembered(world)


# --- What went wrong before -------------------------------------------------------------------------------------------

LEAVING = 'Thing("a", also=["X"], tags={{"n": 1{0}}})'


@pytest.mark.parametrize("first", ["thing:a", "X"])
@pytest.mark.parametrize("how", ["refused", "lost"])
def test_a_value_that_leaves_leaves_every_document_though_one_of_them_was_refused_first(first: str, how: str) -> None:
    with World() as world:
        world.project.write(LEAVING.format(', "gone": 2')).apply()
        world.project.write(LEAVING.format(""))
        number = 1 if first == "thing:a" else 2
        script = (
            Faults(frozenset({number}), frozenset()) if how == "refused" else Faults(frozenset(), frozenset({number}))
        )
        script.onto(world.cloud)
        assert world.project.apply().exit_code == (3 if how == "refused" else 8)
        NONE.onto(world.cloud)
        again = world.project.plan()
        assert [path for change in again.changes for path in change.unset] == [("tags", "gone")]
        assert world.project.apply().exit_code == 0
        assert world.cloud.thing("a").values["tags"] == world.cloud.carried["X"]["a"]["tags"] == {"n": 1}
        assert (world.project.plan().empty(), world.project.state().intents) == (True, ())
        row = world.project.state().row("mem_thing.a")
        assert row is not None
        assert (row.status, row.private) == ("ok", {})


@pytest.mark.parametrize("number", [1, 2])
def test_a_stack_that_is_put_back_takes_out_of_every_document_what_it_had_for_a_while(number: int) -> None:
    with World() as world:
        world.project.write(LEAVING.format("")).apply()
        for how in (Faults(lost=frozenset({number})), Faults(refused=frozenset({number}))):
            world.project.write(LEAVING.format(', "new": 2'))
            how.onto(world.cloud)
            world.project.apply()
            NONE.onto(world.cloud)
            assert world.project.write(LEAVING.format("")).apply().exit_code == 0
            assert world.cloud.thing("a").values["tags"] == world.cloud.carried["X"]["a"]["tags"] == {"n": 1}
            assert (world.project.plan().empty(), world.project.state().intents) == (True, ())


def test_intents_of_a_dead_run_are_settled_though_nothing_is_to_be_done() -> None:
    with World() as world:
        world.project.write('Thing("a", size=1)').apply()
        world.cloud.edit("a", size=1)
        world.project.write('Thing("a", size=2)')
        world.cloud.during = lambda document, name: (_ for _ in ()).throw(ProviderError("no answer", lost=True))
        assert world.project.apply().exit_code == 8
        world.cloud.during = lambda document, name: None
        assert len(world.project.state().intents) == 1
        world.project.write('Thing("a", size=1)')
        before = world.project.state()
        assert world.project.plan().empty()
        assert world.project.state().intents == before.intents  # a plan writes nothing
        assert world.project.apply(targets=("mem_thing.a",)).exit_code == 0
        assert world.project.state().intents == before.intents  # it was not looked at all of it
        assert world.project.apply().exit_code == 0
        assert (world.project.state().intents, world.project.state().serial) == ((), before.serial)


RULES = 't = Thing("t")\n{0}Rule("z", thing=t)\nRule("a", thing=t)'


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("how", ["refused", "lost"])
def test_a_rule_that_left_the_stack_is_gone_from_its_list(number: int, how: str) -> None:
    with World() as world:
        world.project.write(RULES.format('Rule("m", thing=t)\n')).apply()
        world.project.write(RULES.format(""))
        Faults(**{how: frozenset({number})}).onto(world.cloud)
        world.project.apply()
        NONE.onto(world.cloud)
        assert world.project.apply().exit_code == 0
        assert (world.cloud.names(), world.cloud.sequences["rules:mem_thing.t"]) == (["a", "t", "z"], ["z", "a"])
        assert (world.project.plan().empty(), world.project.state().intents) == (True, ())


ALSO = 'a = Thing("zoe", group="g", tags={{"n": 3}}{0})\nThing("b", also=["g"], size={1})\n'


def test_what_one_document_took_of_a_write_that_broke_is_not_taken_for_all_of_it() -> None:
    """A thing is to stand in two more documents; where it is seen it says so already, and they never got it."""
    with World() as world:
        world.project.write(ALSO.format("", 1).replace('"g"]', '"group:g"]')).apply()
        world.project.write(ALSO.format(', also=["X", "Y"]', 2).replace('"g"]', '"group:g"]'))
        Faults(frozenset({3, 4, 5, 2, 6})).onto(world.cloud)
        assert world.project.apply().exit_code in (3, 8)
        NONE.onto(world.cloud)
        assert world.cloud.carried.keys() == {"group:g"}
        assert world.project.apply().exit_code == 0
        assert world.cloud.carried.keys() == {"group:g", "X", "Y"}
        assert (world.project.plan().empty(), world.project.state().intents) == (True, ())


BESIDE = 'Thing("a", also=["X", "Y"], tags={"n": 1})'


@pytest.mark.parametrize("text", ["", BESIDE.replace('"X", ', ""), 'Thing("a", name="b", also=["X", "Y"])', BESIDE])
def test_what_is_gone_leaves_the_documents_beside_its_own(text: str) -> None:
    """Deleted by somebody, it may stand there yet: nobody sees it there."""
    with World() as world, World() as other:
        other.project.write(BESIDE).apply()
        assert other.project.write(text).apply().exit_code == 0
        world.project.write(BESIDE).apply()
        world.cloud.remove("a")
        assert world.project.write(text).apply().exit_code == 0
        assert (world.cloud.carried, world.cloud.names()) == (other.cloud.carried, other.cloud.names())
        assert (world.project.plan().empty(), world.project.state().intents) == (True, ())
        assert remembered(world) == remembered(other)


USER = 'a = Thing("a", name="a{0}", zone="z{0}")\nThing("b", name="b{0}", zone="z{0}", also=["X"], tags={{"of": a.id}})'


def test_what_went_unheard_and_comes_under_another_name_leaves_the_documents_beside_its_own() -> None:
    with World() as world:
        world.project.write(USER.format(1)).apply()
        world.project.write(USER.format(2))
        script = {"refused": frozenset({2, 3, 4, 5}), "lost": frozenset({1})}
        Faults(**script).onto(world.cloud)
        world.project.apply()
        NONE.onto(world.cloud)
        assert world.project.apply().exit_code == 0
        assert (world.cloud.names(), [*world.cloud.carried["X"]]) == (["a2", "b2"], ["b2"])
        assert (world.project.plan().empty(), world.project.state().intents) == (True, ())


# --- For every stack --------------------------------------------------------------------------------------------------


def is_as_if_it_never_had_been(stacks: Sequence[Wanted], script: Faults, parallelism: int) -> None:
    with World() as world:
        estate, state = without_faults(world, stacks, parallelism)
    with World() as world:
        world.apply(stacks[0])
        with suppress(HaplanError):
            world.apply(stacks[1], faults=script, parallelism=parallelism)
        settled(world, stacks[1])
        assert world.estate(stacks[1]) == estate
        assert remembered(world) == state


@given(stacks=changes(later=1, edits=EDITS, most=4), script=faults, parallelism=at_once)
@law(30)
def test_what_was_refused_or_lost_is_as_if_it_never_had_been(
    stacks: Sequence[Wanted], script: Faults, parallelism: int
) -> None:
    is_as_if_it_never_had_been(stacks, script, parallelism)


@pytest.mark.deep
@given(stacks=changes(later=1, edits=EDITS), script=faults, parallelism=at_once)
@law(1000)
def test_so_it_is_for_many_stacks(stacks: Sequence[Wanted], script: Faults, parallelism: int) -> None:
    is_as_if_it_never_had_been(stacks, script, parallelism)


# --- Killed -----------------------------------------------------------------------------------------------------------


def test_an_order_that_a_dead_run_wrote_is_in_the_state_though_nothing_is_left_to_move() -> None:
    before, wanted = (Wanted({0: Piece(0, "alpha", rules=tuple(rules))}) for rules in ("mza", "zma"))
    with MortalWorld() as world:
        world.apply(before)
        world.cloud.during = lambda document, name: world.steps.soon() if name == document else None
        assert world.dies(wanted, at=0)  # the order is written, and nobody hears of it
        world.cloud.during = lambda document, name: None
        assert world.cloud.sequences == {"rules:mem_thing.alpha": ["z", "m", "a"]}
        plan = world.plan(wanted)
        assert [(one.address, one.why, one.position) for one in plan.changes] == [
            ("mem_rule.alpha.z", "resume", (2, 1))
        ]
        assert world.apply(wanted).exit_code == 0
        assert [row.names for row in world.project.state().orders.values()] == [("z", "m", "a")]
        assert (world.plan(wanted).empty(), world.project.state().intents) == (True, ())


deaths = st.lists(st.integers(0, 200), min_size=1, max_size=2)
"""At which steps runs die, one after the other; counted on from the last of an apply again at its first."""
slow = st.frozensets(st.sampled_from(["X", "Y", "group:g", "rules:mem_thing.zoe"]), max_size=2)
"""Documents whose writes take their time."""


def is_as_if_nobody_had_died(
    stacks: Sequence[Wanted], deaths: Sequence[int], slow: Collection[str], parallelism: int
) -> None:
    with MortalWorld(sorted(slow)) as world:
        estate, state = without_faults(world, stacks, parallelism)
        steps = world.lasted
    assume(steps)
    with MortalWorld(sorted(slow)) as world:
        world.apply(stacks[0])
        for number in deaths:
            world.dies(stacks[1], at=1 + number % steps, parallelism=parallelism)
        settled(world, stacks[1])
        assert world.estate(stacks[1]) == estate
        assert remembered(world) == state


@given(stacks=changes(later=1, edits=EDITS, most=4), deaths=deaths, slow=slow, parallelism=at_once)
@law(20)
def test_what_was_killed_at_any_step_is_as_if_it_never_had_been(
    stacks: Sequence[Wanted], deaths: Sequence[int], slow: Collection[str], parallelism: int
) -> None:
    is_as_if_nobody_had_died(stacks, deaths, slow, parallelism)


@pytest.mark.deep
@given(stacks=changes(later=1, edits=(*EDITS, *REPLACING)), deaths=deaths, slow=slow, parallelism=at_once)
@law(2000)
def test_so_it_is_at_many_steps(
    stacks: Sequence[Wanted], deaths: Sequence[int], slow: Collection[str], parallelism: int
) -> None:
    is_as_if_nobody_had_died(stacks, deaths, slow, parallelism)


@pytest.mark.deep
@given(stacks=changes(later=1, edits=(*EDITS, *REPLACING)), script=faults, parallelism=at_once)
@law(1000)
def test_so_it_is_for_replacements(stacks: Sequence[Wanted], script: Faults, parallelism: int) -> None:
    is_as_if_it_never_had_been(stacks, script, parallelism)
