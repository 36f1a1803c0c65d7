"""What the laws are tried on: the stacks that are drawn reach what the laws are about."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from hypothesis import Phase, given, settings

from haplan.model.plan import Action, Plan
from tests.laws.stacks import To, Wanted, World, changes, law


def planned_after(stacks: Sequence[Wanted]) -> Plan | None:
    """The plan of the second stack after the first was applied; None where the first could not be."""
    with World() as world:
        if not world.possible(stacks[0]) or world.apply(stacks[0]).exit_code:
            return None
        return world.plan(stacks[1])


def has(*actions: Action) -> Callable[[Plan], bool]:
    return lambda plan: bool(plan.count(*actions))


def shared(plan: Plan) -> bool:
    return any(len({placed.address for placed in one.placed}) > 1 for one in plan.transactions)


def both_replaced(plan: Plan) -> bool:
    replaced = {change.address for change in plan.changes if change.action is Action.REPLACE}
    return any(replaced.intersection(change.depends_on) for change in plan.changes if change.address in replaced)


REACHED: dict[str, Callable[[Plan], bool]] = {
    "create": has(Action.CREATE),
    "update": has(Action.UPDATE),
    "delete": has(Action.DELETE),
    "import": has(Action.IMPORT),
    "moved alone": has(Action.NO_OP),
    "create first": lambda plan: any(one.action is Action.REPLACE and one.create_first for one in plan.changes),
    "destroy first": lambda plan: any(one.action is Action.REPLACE and not one.create_first for one in plan.changes),
    "both replaced": both_replaced,
    "shared document": shared,
    "order of a list": lambda plan: any(one.orders and one.placed for one in plan.transactions),
}


class Reached(Exception):
    """All of it: there is no need to look at more stacks."""


def test_the_stacks_reach_what_the_laws_are_about() -> None:
    missing = set(REACHED)

    @settings(max_examples=400, phases=[Phase.generate], database=None, deadline=None, derandomize=True)
    @given(changes(each=8))
    def look(stacks: Sequence[Wanted]) -> None:
        plan = planned_after(stacks)
        if plan is not None:
            missing.difference_update([name for name, reached in REACHED.items() if reached(plan)])
        if not missing:
            raise Reached

    with suppress(Reached):
        look()
    assert missing == set()


@given(changes(later=2))
@law(40)
def test_addresses_and_names_are_told_apart_and_references_lead_back(stacks: Sequence[Wanted]) -> None:
    for one in stacks:
        pieces = one.pieces.values()
        assert len({piece.address for piece in pieces}) == len({piece.name for piece in pieces}) == len(pieces)
        assert all(number < piece.number and number in one.pieces for piece in pieces for number in piece.refers())
        assert all(isinstance(value, int | To) for piece in pieces for value in piece.tags.values())
        assert set(one.left.values()) <= set(one.pieces)
        assert sorted(one.sequence(None)) == sorted(one.pieces)
