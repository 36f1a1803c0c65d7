"""Edits on owned statements, and on no other."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from haplan_srx.translate.difference import NOTHING, Delete, Insert, Set, difference
from haplan_srx.translate.statements import Configuration, Live, Path, Statement, Writer

ZONES = ("security", "policies", ("policy", "a", "b"))


def said(*paths: tuple[Path, tuple[str, ...]]) -> Configuration:
    return Configuration({path: Statement(path=path, values=values) for path, values in paths})


def policies(*names: str) -> Configuration:
    return said(*(((*ZONES, ("policy", name), "then", "permit"), ()) for name in names))


def order_of(names: list[str], edits: tuple[object, ...]) -> list[str]:
    """A list of entries after the edits, as a device carries them out."""
    there = list(names)
    for one in edits:
        if isinstance(one, Set) and one.path[3][1] not in there:
            there.append(one.path[3][1])
        elif isinstance(one, Delete):
            there = [name for name in there if name != one.path[3][1]] if len(one.path) > 3 else []
    for one in edits:
        if isinstance(one, Insert):
            name = one.path[3][1]
            there.remove(name)
            there.insert(there.index(one.other) + (one.where == "after"), name)
    return there


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(NAMES, NAMES, NAMES)
def test_policies_come_into_the_wanted_order_and_those_of_others_stay(
    wanted: list[str], before: list[str], others: list[str]
) -> None:
    foreign = [name.upper() for name in others]
    live_names = [name for pair in zip(before, foreign, strict=False) for name in pair]
    live_names += before[len(foreign) :] + foreign[len(before) :]
    live = Live({(*ZONES, ("policy", name), "then", "permit"): () for name in live_names})
    edits = difference(policies(*wanted), policies(*before), live).edits
    after = order_of(live_names, edits)
    assert [name for name in after if name.islower()] == wanted
    assert sorted(name for name in after if name.isupper()) == sorted(foreign)


def test_one_policy_in_the_middle_of_fifty_is_one_edit_and_its_place() -> None:
    names = [f"p{number}" for number in range(50)]
    live = Live({(*ZONES, ("policy", name), "then", "permit"): () for name in names})
    wanted = [*names[:25], "new", *names[25:]]
    new = (*ZONES, ("policy", "new"))
    assert difference(policies(*wanted), policies(*names), live).edits == (
        Set((*new, "then", "permit")), Insert(new, "after", "p24"),
    )  # fmt: skip


STEPS = st.sampled_from(["a", "b", ("l", "1"), ("l", "2"), ("m", "x")])
PATHS = st.lists(STEPS, min_size=2, max_size=4).map(tuple)
VALUES = st.sampled_from([("1",), ("2",)])


def whole(tree: Mapping[Path, tuple[str, ...]]) -> dict[Path, tuple[str, ...]]:
    """A tree in which no leaf has anything below it."""
    prefixes = {path[:depth] for path in tree for depth in range(len(path))}
    return {path: values for path, values in tree.items() if path not in prefixes}


TREES = st.dictionaries(PATHS, VALUES, max_size=8)


@settings(max_examples=200)
@given(TREES, TREES)
def test_what_is_written_and_taken_away_again_leaves_what_was_there(
    wanted: dict[Path, tuple[str, ...]], there: dict[Path, tuple[str, ...]]
) -> None:
    both = whole({**there, **wanted})
    wanted = {path: values for path, values in wanted.items() if path in both}
    there = {path: values for path, values in there.items() if path in both}
    ours = said(*wanted.items())
    first = difference(ours, NOTHING, Live(there))
    live = carried_out(there, first.edits)
    assert {path: live[path] for path in wanted} == wanted
    assert difference(ours, ours, Live(live)).edits == ()
    back = difference(NOTHING, ours, Live(live), first.overwritten)
    assert carried_out(live, back.edits) == there


def carried_out(there: Mapping[Path, tuple[str, ...]], edits: tuple[object, ...]) -> dict[Path, tuple[str, ...]]:
    found = dict(there)
    for one in edits:
        if isinstance(one, Delete) and not one.values:
            found = {path: values for path, values in found.items() if path[: len(one.path)] != one.path}
        elif isinstance(one, Set):
            found[one.path] = one.values
    return found


def test_an_interface_moves_out_of_the_zone_of_others_and_back() -> None:
    zone = ("security", "zones")
    theirs = (*zone, ("security-zone", "trust"), ("interfaces", "ge-0/0/7.0"))
    ours = said(((*zone, ("security-zone", "wan0"), ("interfaces", "ge-0/0/7.0"), "x"), ()))
    live = Live({theirs: (), (*zone, ("security-zone", "trust"), "tcp-rst"): ()})
    first = difference(ours, NOTHING, live)
    assert Delete(theirs) in first.edits
    assert first.overwritten == {theirs: ()}
    back = difference(NOTHING, ours, Live({next(iter(ours.statements)): ()}), first.overwritten)
    assert Set(theirs) in back.edits


def test_a_second_address_of_others_goes_at_first_and_is_kept() -> None:
    to = Writer()
    at = ("interfaces", ("interface", "ge-0/0/7"), "inet")
    to.set(*at, ("address", "10.0.0.1/24"))
    to.sole(*at, elements=("address",))
    theirs = (*at, ("address", "10.9.9.9/24"))
    first = difference(to.done(), NOTHING, Live({theirs: ()}))
    assert first.overwritten == {theirs: ()}
    assert difference(to.done(), to.done(), Live({theirs: (), (*at, ("address", "10.0.0.1/24")): ()})).overwritten == {}


def test_a_secret_is_written_anew_when_its_fingerprint_is_another() -> None:
    path = ("security", "ike", ("policy", "o"), "pre-shared-key", "ascii-text")
    old, new = (Configuration({path: Statement(path=path, values=(mark,), secret="env:PSK")}) for mark in ("h1", "h2"))
    live = Live({path: ("$9$scrambled",)})
    assert difference(old, old, live).edits == ()
    assert difference(new, old, live).edits == (Set(path, secret="env:PSK"),)
    assert difference(old, old, Live()).edits == (Set(path, secret="env:PSK"),)


def test_a_number_that_was_raised_over_what_others_use_goes_down_again() -> None:
    count: Path = ("chassis", "cluster", "reth-count")
    theirs: Path = ("interfaces", ("interface", "reth3"), "description")
    to = Writer()
    to.set(*count, value=10, least=True)
    live = Live({count: ("10",), theirs: ("servers",)})
    assert difference(NOTHING, to.done(), live, {count: ("4",)}).edits == (Set(count, ("4",)),)
