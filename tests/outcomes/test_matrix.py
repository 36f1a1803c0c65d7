"""Each write of each provider, answered in each way that is neither a clean yes nor a clean no."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import cycle, islice, product
from pathlib import Path

import pytest

from haplan.testing import OutcomeContract
from haplan.testing.outcome_contract import BEFORE, Case, Spoilable, Spoilt, sent
from tests.outcomes.memory import ANSWERS, Memory
from tests.outcomes.world import WORLDS, World
from tests.outcomes.writes import MEMORY, WRITES

Make = Callable[[str], World]
FEW = {
    "mist": (("new", True), ("hub", False), ("hub", True), ("replaced", False), ("node", False)),
    "ssr": (("application", False), ("pair", True), ("variables", False)),
    "srx": (("pair", False), ("pair", True)),
}
"""In the ordinary suite: changes, or their taking out, of which all writes are spoilt at once."""


def places(platform: str) -> dict[tuple[str, int], list[tuple[str, bool]]]:
    """Each write, and which of its kind → the changes that send it, and whether it is their taking out that does."""
    found: dict[tuple[str, int], list[tuple[str, bool]]] = {}
    for change, ways in WRITES[platform].items():
        for back, way in enumerate(ways):
            for write, count in way.items():
                for number in range(1, count + 1):
                    found.setdefault((write, number), []).append((change, bool(back)))
    return found


def matrix(platform: str) -> Iterator[Case]:
    """Every write, answered in every way, in one change after the other; every other time the stack turns at once."""
    for (write, number), where in places(platform).items():
        for at, answer in enumerate(WORLDS[platform].answers):
            change, back = where[at % len(where)]
            spoilt = (Spoilt(write, answer, number),)
            yield Case(change=change, spoilt=spoilt, back=back, turns=bool((at + number + len(write)) % 2))


def few(platform: str) -> Iterator[Case]:
    """Each answer once, all those of one change together; the second of a write is often that to its repetition."""
    answers = cycle(WORLDS[platform].answers)
    for turns, (change, back) in enumerate(FEW[platform]):
        way = WRITES[platform][change][back]
        spoilt = [Spoilt(write, next(answers), number) for write in way for number in (1, 2)]
        yield Case(change=change, spoilt=tuple(spoilt), back=back, turns=bool(turns % 2))


HALF_MADE = {
    "mist": (
        ("node", False, "PUT /sites/*/devices/*/ha", "401, done", 1),
        ("hub", True, "POST /orgs/*/deviceprofiles/*/assign", "401, done", 1),
        ("replaced", True, "POST /orgs/*/vpns", "401, done", 2),
        ("profile", True, "PUT /orgs/*/deviceprofiles/*", "401, done", 1),
    ),
    "srx": (
        ("pair", False, "set-chassis-cluster-enable", "error, done", 1),
        ("pair", True, "set-chassis-cluster-enable", "error, done", 2),
    ),
    "ssr": (),
}
"""What a run sent off or made and nobody recorded: gone on with, or back where it was when the stack turned."""


def half_made(platform: str) -> Iterator[Case]:
    for change, turns, write, answer, number in HALF_MADE[platform]:
        yield Case(change=change, spoilt=(Spoilt(write, answer, number),), turns=turns)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A copy of what stands before any change."""
    stands: dict[str, Path] = {}
    known: dict[tuple[str, str], object] = {}

    def copy(platform: str) -> World:
        if platform not in stands:
            stands[platform] = tmp_path_factory.mktemp(platform)
            WORLDS[platform](stands[platform]).begin()
        folder = tmp_path_factory.mktemp("world") / "stack"
        shutil.copytree(stands[platform], folder)
        return WORLDS[platform](folder, lambda change: expected(platform, change))

    def expected(platform: str, change: str) -> object:
        if (platform, change) not in known:
            world = copy(platform)
            if change:
                sent(world, change)
            known[platform, change] = world.estate()
        return known[platform, change]

    return copy


class Matrix(OutcomeContract):
    """A case says by itself on which provider it is: `cases` gives them."""

    @pytest.fixture
    def world(self, applied: Make, platform: str) -> Spoilable:
        return applied(platform)


def cases(made: Callable[[str], Iterator[Case]]) -> pytest.MarkDecorator:
    """All cases of all providers."""
    listed = [pytest.param(platform, case, id=f"{platform}, {case}") for platform in WORLDS for case in made(platform)]
    return pytest.mark.parametrize(("platform", "case"), listed)


@cases(few)
class TestTheFew(Matrix):
    pass


@cases(half_made)
class TestHalfMade(Matrix):
    pass


@pytest.mark.parametrize(("change", "back"), [("new", True), ("hub", False), ("hub", True), ("node", False)])
def test_mist_writes_that_may_be_done_twice_are_done_if_they_are_there_though_every_answer_is_cut(
    applied: Make, change: str, back: bool
) -> None:
    world = applied("mist")
    if back:
        sent(world, change)
    for write in WRITES["mist"][change][back]:
        if write.split()[0] in ("PUT", "DELETE") or write.endswith(("assign", "delete_ha_cluster")):
            world.spoil(write, 1, "cut each time, done")
    world.want(BEFORE if back else change)
    result = world.apply()
    assert [(one.address, one.text) for one in (*result.failed, *result.in_doubt, *result.skipped)] == []
    assert result.exit_code == 0
    world.behave()
    assert world.plan().empty()
    assert world.estate() == world.expected(BEFORE if back else change)


@pytest.mark.deep
@cases(matrix)
class TestTheWhole(Matrix):
    pass


KINDS: dict[str, dict[str, bool]] = {"plain": {}, "confirmed": {"confirmed": True}, "bit by bit": {"atomic": False}}
"""Of the provider in memory."""


def in_memory() -> Iterator[tuple[str, Case]]:
    """Each write of each change, answered in each way."""
    for kind, steps in MEMORY.items():
        for change, ways in steps.items():
            for back, way in enumerate(ways):
                writes = [(one, number) for one, count in way.items() for number in range(1, count + 1)]
                for at, ((write, number), answer) in enumerate(product(writes, ANSWERS)):
                    spoilt = (Spoilt(write, answer, number),)
                    yield kind, Case(change=change, spoilt=spoilt, back=bool(back), turns=bool((at + number) % 2))


class InMemory(OutcomeContract):
    @pytest.fixture
    def world(self, tmp_path: Path, kind: str) -> Spoilable:
        return Memory(tmp_path, **KINDS[kind])


def of_memory(listed: Iterable[tuple[str, Case]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("kind", "case"), [pytest.param(*one, id=", ".join(map(str, one))) for one in listed]
    )


@of_memory(islice(in_memory(), 0, None, 31))
class TestSomeInMemory(InMemory):
    pass


@pytest.mark.deep
@of_memory(in_memory())
class TestAllInMemory(InMemory):
    pass


@pytest.mark.parametrize("platform", WORLDS)
def test_every_answer_is_among_the_few(platform: str) -> None:
    assert {one.answer for case in few(platform) for one in case.spoilt} == set(WORLDS[platform].answers)


@pytest.mark.deep
@pytest.mark.parametrize("platform", WRITES)
def test_the_writes_of_the_table_are_those_that_are_sent(applied: Make, platform: str) -> None:
    world = applied(platform)
    told: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {}
    for change in WRITES[platform]:
        told[change] = (sent(world, change), sent(world, BEFORE))
    assert told == WRITES[platform]


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_the_writes_in_memory_are_those_that_are_sent(tmp_path: Path, kind: str) -> None:
    world = Memory(tmp_path, **KINDS[kind])
    told = {change: (sent(world, change), sent(world, BEFORE)) for change in MEMORY[kind]}
    assert told == MEMORY[kind]
