"""Each field of each resource, set, changed and unset, is in the estate exactly as the stack says, on every provider.

What runs after a change is what a fresh estate runs that never had anything else; what runs when all is unset again is
what ran before. And each time the next plan is empty.
"""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from haplan import design, engine
from haplan.design import haplan_types
from haplan.errors import Denied
from haplan.host.options import Options
from tests.laws.fields import ELSEWHERE, FIELDS, PROVIDERS, TOGETHER, Field, Fields
from tests.laws.ways import well

BLOCKS = (
    "wan", "lan", "lan_address", "dhcp_server", "dhcp_relay", "local", "path", "node", "ha_fabric", "ha_sync",
)  # fmt: skip
Begin = Callable[[str], Fields]


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Begin:
    """The stack of a provider as it stands with nothing said; made once, each test has a copy."""
    made: dict[str, Fields] = {}

    def make(platform: str) -> Fields:
        if platform not in made:
            made[platform] = Fields(tmp_path_factory.mktemp(platform), platform)
            made[platform].say({})
            well(made[platform].apply())
        return made[platform].at(tmp_path_factory.mktemp("of") / "stack")

    return make


def fresh(folder: Path, platform: str, said: Mapping[str, str]) -> Fields:
    """An estate that never had anything else."""
    stack = Fields(folder, platform)
    folder.mkdir()
    stack.say(said)
    well(stack.apply())
    return stack


def stands(stack: Fields, said: Mapping[str, str], *, refresh: bool = True) -> None:
    """What is said is applied, and there is no more to do."""
    stack.say(said)
    well(stack.apply(refresh=refresh))
    after = stack.plan()
    assert ([(one.address, one.action) for one in after.changes], after.drift) == ([], ())


def test_every_attribute_of_a_resource_and_every_word_of_a_block_is_here(tmp_path: Path) -> None:
    stack = Fields(tmp_path, "ssr")
    stack.say({})
    with stack.session(Options(lab=True)) as session:
        known = {
            f"{kind}.{name}"
            for kind in haplan_types
            for name, one in session.types[kind].attributes.items()
            if not (one.computed or one.derived or (one.replaces and name != "name"))
        }
    for block in BLOCKS:
        known |= {f"{block}.{name}" for name in inspect.signature(getattr(design, block)).parameters}
    here = {field.name for field in FIELDS}
    assert here & ELSEWHERE.keys() == set()
    assert known - here - ELSEWHERE.keys() == set()


@pytest.mark.parametrize("platform", ["mist", pytest.param("srx", marks=pytest.mark.deep), "ssr"])
def test_what_is_said_changed_and_said_no_more_is_in_the_estate_as_the_stack_says(begin: Begin, platform: str) -> None:
    stack = begin(platform)
    before = stack.running()
    stack.say({field.place: field.values[0] for field in FIELDS if field.name in TOGETHER})
    well(stack.apply())
    stands(stack, {field.place: field.values[1] for field in FIELDS if field.name in TOGETHER})
    stack.say({})
    well(stack.apply())
    assert stack.running() == before


@pytest.mark.deep
@pytest.mark.parametrize("refresh", [True, False])
@pytest.mark.parametrize("platform", PROVIDERS)
def test_each_field_is_in_the_estate_as_the_stack_says(
    begin: Begin, tmp_path: Path, platform: str, refresh: bool
) -> None:
    before = begin(platform).running()
    for at, group in enumerate(groups(tmp_path / "offline", platform)):
        stack = begin(platform)
        for number in (0, 1):
            said = {place: text for field, takes in group for place, text in field.said(takes[number]).items()}
            with suppress(Denied):  # what may not be done to a pair that lives
                stands(stack, said, refresh=refresh)
                assert stack.running() == fresh(tmp_path / f"{at}.{number}", platform, said).running(), said
        stands(stack, {}, refresh=refresh)
        assert stack.running() == before, group


Group = list[tuple[Field, tuple[int, int]]]


def groups(folder: Path, platform: str) -> list[Group]:
    """Fields that can be said together, each with which of its values are said first and then."""
    folder.mkdir()
    stack, found = Fields(folder, platform), list[Group]()
    for field in FIELDS:
        taken = [number for number in (0, 1) if is_taken(stack, field.said(number))]
        free = [group for group in found if not field.alone and all(fits(field, one) for one, _ in group)]
        if taken:
            group = free[0] if free else []
            group.append((field, (taken[0], taken[-1])))
            found += [] if free else [group]
    return found


def is_taken(stack: Fields, said: Mapping[str, str]) -> bool:
    """True if nothing offline speaks against it."""
    stack.say(said)
    with stack.session(Options(lab=True)) as session:
        return not any(one.severity == "error" for one in engine.validate(session).findings)


def fits(field: Field, other: Field) -> bool:
    """True if two fields are said in other places."""
    return not other.alone and not field.said(0).keys() & other.said(0).keys()
