"""A reference is the identity of what it names: another name, or another label, costs the spelling and nothing else."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.address import Address
from haplan.model.plan import Action, Plan
from tests.laws.stacks import LABELS, MODULES, World, law

KEPT = {"near": 0, "spelt": 1}
"""How another thing is held → writes that another name of it costs there."""
label, module = st.sampled_from(LABELS), st.sampled_from(MODULES)


@attrs.frozen
class Named:
    """A thing that others name: its address and its remote name."""

    label: str
    module: str
    name: str

    @property
    def address(self) -> str:
        module = (self.module,) if self.module else ()
        return str(Address(module=module, data=False, type="mem_thing", owner="", label=self.label))

    def block(self, variable: str) -> str:
        into = f"with module({self.module!r}): " if self.module else ""
        return f"{into}{variable} = Thing({self.label!r}, name={self.name!r})"


named = st.builds(Named, label, module, st.sampled_from(["one", "other", "2", "z.9"]))


def stack(first: Named, second: Named, holds: list[tuple[str, int]], moved: list[tuple[str, str]] = ()) -> str:  # type: ignore[assignment]
    """Two things, and users that hold one of them."""
    lines = [first.block("t0"), second.block("t1"), 'Rule("r", thing=t0)']
    lines += [f"Thing('u{at}', {how}=t{which})" for at, (how, which) in enumerate(holds)]
    lines += [f"moved({old!r}, {new!r})" for old, new in moved if old != new]
    return "\n".join([*lines, ""])


def writes(plan: Plan) -> int:
    return sum(len(transaction.placed) for transaction in plan.transactions if str(transaction.document))


@st.composite
def renamings(draw: st.DrawFn) -> tuple[list[Named], list[Named], list[tuple[str, int]]]:
    """Two things as they are and as they are to be, and who holds them; names may be swapped."""
    pair = draw(st.lists(named, min_size=2, max_size=2, unique_by=(lambda one: one.address, lambda one: one.name)))
    after = [attrs.evolve(one, name=draw(st.sampled_from([one.name, f"new-{one.name}"]))) for one in pair]
    if draw(st.booleans()):  # they swap their names
        after = [attrs.evolve(after[0], name=pair[1].name), attrs.evolve(after[1], name=pair[0].name)]
    if draw(st.booleans()):
        to = [Named(f"w{at}", draw(module), one.name) for at, one in enumerate(after)]
        after = [to[0], draw(st.sampled_from([after[1], to[1]]))]
    holds = draw(st.lists(st.tuples(st.sampled_from(sorted(KEPT)), st.integers(0, 1)), min_size=1, max_size=4))
    return pair, after, holds


Drawn = tuple[list[Named], list[Named], list[tuple[str, int]]]


@given(renamings(), st.booleans())
@law(25)
def test_another_name_costs_its_own_write_and_one_where_it_is_spelt(drawn: Drawn, in_order: bool) -> None:
    costs_the_spelling(drawn, in_order)


@pytest.mark.deep
@given(renamings(), st.booleans())
@law(2000)
def test_another_name_costs_the_spelling_many_times_over(drawn: Drawn, in_order: bool) -> None:
    costs_the_spelling(drawn, in_order)


def costs_the_spelling(drawn: Drawn, in_order: bool) -> None:
    before, after, holds = drawn
    moves = [(old.address, new.address) for old, new in zip(before, after, strict=True)]
    renamed = [old.name != new.name for old, new in zip(before, after, strict=True)]
    with World() as world:
        assert world.project.write(stack(*before, holds)).apply().exit_code == 0
        plan = world.project.write(stack(*after, holds, moves if in_order else moves[::-1])).plan()
        assert not plan.drift
        assert {change.action for change in plan.changes} <= {Action.UPDATE, Action.NO_OP}
        spelt = sum(KEPT[how] * renamed[which] for how, which in holds)
        assert writes(plan) == sum(renamed) + spelt
        assert world.project.apply(plan).exit_code == 0
        again = world.project.plan()
        assert (again.empty(), again.drift) == (True, ())
        # and each user holds the very thing that it held
        ids = {address: row.id for (address, _), row in world.project.state().rows.items()}
        for at, (how, which) in enumerate(holds):
            held = world.cloud.thing(f"u{at}").values[how]
            assert held == (ids[after[which].address] if how == "near" else after[which].name)


@given(renamings())
@law(8)
def test_another_label_alone_costs_nothing(drawn: Drawn) -> None:
    before, after, holds = drawn
    after = [attrs.evolve(new, name=old.name) for old, new in zip(before, after, strict=True)]
    moves = [(old.address, new.address) for old, new in zip(before, after, strict=True)]
    with World() as world:
        assert world.project.write(stack(*before, holds)).apply().exit_code == 0
        done = len(world.cloud.writes)
        plan = world.project.write(stack(*after, holds, moves)).plan()
        assert (writes(plan), plan.drift, plan.worst().kind) == (0, (), "none")
        assert world.project.apply(plan).exit_code == 0
        assert (len(world.cloud.writes), world.project.plan().empty()) == (done, True)


@pytest.mark.parametrize("how", sorted(KEPT))
def test_another_thing_of_the_name_that_the_first_one_had_is_another_thing(how: str) -> None:
    before = f'a = Thing("a")\nb = Thing("b")\nThing("u", {how}=a)\n'
    after = f'a = Thing("a", name="b")\nb = Thing("b", name="a")\nThing("u", {how}=b)\n'
    with World() as world:
        assert world.project.write(before).apply().exit_code == 0
        (change,) = [one for one in world.project.write(after).plan().changes if one.address == "mem_thing.u"]
        assert change.action is (Action.REPLACE if how == "near" else Action.UPDATE)


def test_a_name_that_somebody_changed_in_the_estate_replaces_nobody() -> None:
    with World() as world:
        made = world.project.write('a = Thing("a")\nThing("u", near=a)\n')
        made.apply()
        made.cloud.change("id-1", {"name": "theirs"})
        plan = made.plan()
        assert [one.address for one in plan.drift] == ["mem_thing.a"]
        assert [(one.address, one.action) for one in plan.changes] == [("mem_thing.a", Action.UPDATE)]


@pytest.mark.parametrize("options", [{"refresh": False}, {"targets": ("mem_thing.a",)}, {"excludes": ("mem_thing.u",)}])
def test_the_other_ways_through_spell_it_as_well(options: dict[str, object]) -> None:
    with World() as world:
        made = world.project.write('a = Thing("a")\nThing("u", near=a, size=1)\nThing("s", spelt=a)\n')
        made.apply()
        made.write('a = Thing("a", name="new")\nThing("u", near=a, size=1)\nThing("s", spelt=a)\n')
        assert made.apply(**options).exit_code == 0
        rest = made.plan()
        assert not rest.drift
        assert {one.action for one in rest.changes} <= {Action.UPDATE}
        assert writes(rest) <= 1
        assert made.apply().exit_code == 0
        assert made.plan().empty()
