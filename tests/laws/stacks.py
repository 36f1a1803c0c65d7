"""Stacks for laws: what hypothesis draws, and a world in which it is planned and applied by the real engine.

    @given(changes(), at_once)
    def test_the_second_plan_is_empty(stacks, parallelism):
        with World() as world:
            for one in stacks:
                world.apply(one, parallelism=parallelism)
            assert world.plan(stacks[-1]).empty()

`changes()` draws a sequence of stacks: the first is new, each later one follows from the one before by edits: creates,
updates, replacements of both kinds (also of what depends on one another), deletes, moves into and out of modules,
imports of what somebody made by hand, renames, references made and let go of, other documents, another lifecycle, other
needs, another order of rules. A stack is data (`Wanted`), so that a law may ask what it holds; `text` writes it, with
its blocks in any order that Python allows. Labels stand in no alphabetical order and hold spaces, dots and dashes.

A thing has a number that it keeps whatever becomes of its label, its module and its name. It refers to things with
lower numbers only. Its remote name is its first label until it is renamed or replaced; then it is made of the number,
and another one each time, so that old and new may stand side by side.

A `World` is a project in a folder (in memory where the machine has such a place) on a `Cloud`, with state in SQLite.
Its provider takes documents apart (`atomic` is False) unless told otherwise. `estate()` is what is there, with names in
the place of ids: two estates that came about in different ways compare equal. A plan may rightly refuse a stack, such
as one in which a value flows within a document that is not taken apart; ``assume(world.possible(stack))`` leaves those
out. A plan and an apply of six things take about 40 ms together.

`faults` draws a script of refused and lost writes; ``world.apply(stack, faults=…)`` counts them from the apply's first
write. `at_once` draws the parallelism.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from haplan.errors import HaplanError, ProviderError
from haplan.model.address import Address
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.testing import Cloud, Project

LABELS = ("zoe", "mid-9", "Store 42", "alpha", "b.c", "x-1", "10", "ä ö", "beta_2", "q--", "a.b c")
"""Labels of things, by number; in no alphabetical order."""
MODULES = ("", "", "", "north", "a-9")
MEMORY = Path("/dev/shm")

at_once = st.integers(1, 10)
"""How many writes may be under way together."""


@attrs.frozen
class To:
    """A reference to a thing: its number, and the attribute."""

    number: int
    attribute: str = "id"


@attrs.frozen
class Piece:
    """One thing of a stack.

    Attributes:
        number: What it stays when its label changes. It refers to lower ones only.
        label, module: Its address.
        made: Counts its replacements and renames.
        byhand: Made by a person before the stack had it: it is imported, and where its number is odd another zone is
            to be there, so that it is replaced.
        size, zone, model, group, also: Attributes of `haplan.testing.Thing`; another zone destroys first, another model
            creates first.
        tags: Values, or references to others.
        needs: Numbers of what it has in ``depends_on``.
        create_first, leave, ignore, known: Its lifecycle; of `known` the id has to be known before it is written.
        rules: Names of the rules that it owns, in order.
    """

    number: int
    label: str
    module: str = ""
    made: int = 0
    byhand: bool = False
    size: int | None = None
    zone: int | None = None
    model: int | None = None
    group: str = ""
    also: tuple[str, ...] = ()
    tags: Mapping[str, int | To] = attrs.field(factory=dict)
    needs: tuple[int, ...] = ()
    create_first: bool = False
    leave: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    known: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """As the stack has it."""
        return str(
            Address(
                module=(self.module,) if self.module else (), data=False, type="mem_thing", owner="", label=self.label
            )
        )

    @property
    def name(self) -> str:
        """Its remote name."""
        return f"n{self.number}.{self.made}" if self.made else LABELS[self.number]

    def refers(self) -> set[int]:
        """Numbers of all that it depends on, in whatever way."""
        values = {value.number for value in self.tags.values() if isinstance(value, To)}
        return {*values, *self.needs, *self.known}

    def uses(self) -> set[int]:
        """Numbers of those of which it holds a value that only an apply tells."""
        return {value.number for value in self.tags.values() if isinstance(value, To)}


@attrs.frozen
class Wanted:
    """One stack: its pieces by number, and the addresses that were left: old → number of what moved."""

    pieces: Mapping[int, Piece]
    left: Mapping[str, int] = attrs.field(factory=dict)

    def text(self, ids: Mapping[str, str] = {}, order: Random | None = None) -> str:
        """As it is written: blocks in order of their numbers, or in any other that Python allows.

        Args:
            ids: Names of what was made by hand → their ids.
        """
        lines = [line for number in self.sequence(order) for line in _block(self.pieces[number])]
        for old, number in self.left.items():
            lines.append(f"moved({old!r}, {self.pieces[number].address!r})")
        byhand = [piece for piece in self.pieces.values() if piece.byhand and piece.name in ids]
        lines += [f"imported({piece.address!r}, {ids[piece.name]!r})" for piece in byhand]
        return "\n".join([*lines, ""])

    def sequence(self, order: Random | None) -> list[int]:
        """The numbers in an order in which each comes after what it refers to."""
        left, done = sorted(self.pieces), list[int]()
        while left:
            ready = [one for one in left if self.pieces[one].refers() <= set(done)]
            done.append(order.choice(ready) if order else ready[0])
            left.remove(done[-1])
        return done


def _block(piece: Piece) -> Iterator[str]:
    given: dict[str, Any] = {"name": piece.name if piece.name != piece.label else None, "size": piece.size}
    given |= {"zone": _word("z", piece.zone), "model": _word("m", piece.model), "group": piece.group or None}
    given |= {"also": list(piece.also) or None}
    words = [f"{name}={value!r}" for name, value in given.items() if value is not None]
    if piece.tags:
        words.append("tags={" + ", ".join(f"{name!r}: {_said(value)}" for name, value in piece.tags.items()) + "}")
    if piece.needs:
        words.append(f"depends_on=[{', '.join(f't{one}' for one in piece.needs)}]")
    if cycle := list(_lifecycle(piece)):
        words.append(f"lifecycle=lifecycle({', '.join(cycle)})")
    into = f"with module({piece.module!r}): " if piece.module else ""
    yield f"{into}t{piece.number} = Thing({', '.join([repr(piece.label), *words])})"
    for rule in piece.rules:
        yield f"{into}Rule({rule!r}, thing=t{piece.number})"


def _lifecycle(piece: Piece) -> Iterator[str]:
    if piece.create_first:
        yield "create_before_destroy=True"
    for name, value in (("leave", piece.leave), ("ignore_changes", piece.ignore)):
        if value:
            yield f"{name}={list(value)!r}"
    if piece.known:
        yield f"precondition=[{', '.join(f'known(t{one}.id)' for one in piece.known)}]"


def _word(letter: str, value: int | None) -> str | None:
    return None if value is None else f"{letter}{value}"


def _said(value: int | To) -> str:
    return f"t{value.number}.{value.attribute}" if isinstance(value, To) else repr(value)


# --- Drawing ----------------------------------------------------------------------------------------------------------

EDITS = (
    "resize", "resize", "destroy first", "create first", "drop", "drop", "add", "add", "by hand", "move", "rename",
    "with users", "without users", "without users", "refer", "let go",
    "regroup", "also", "lifecycle", "needs", "known", "rules",
)  # fmt: skip
"""What may happen to a stack, each as often as it is drawn."""


@st.composite
def pieces(draw: st.DrawFn, number: int, below: Sequence[int], byhand: bool = False) -> Piece:
    """A new thing, that may refer to those below it."""
    lower: st.SearchStrategy[int] = st.sampled_from(list(below)) if below else st.nothing()
    refs = st.dictionaries(
        st.sampled_from("xc"), st.builds(To, lower, st.sampled_from(["id", "token"])), min_size=1, max_size=2
    )
    tags: dict[str, int | To] = dict(draw(refs)) if below and draw(st.booleans()) else {}
    tags |= {"n": draw(st.integers(1, 3))} if draw(st.booleans()) else {}
    needs = draw(st.lists(lower, max_size=1)) if below and not draw(st.integers(0, 3)) else []
    return Piece(
        number,
        LABELS[number],
        module=draw(st.sampled_from(MODULES)),
        byhand=byhand,
        size=draw(st.none() | st.integers(1, 3)),
        zone=draw(st.none() | st.just(0)),
        model=draw(st.none() | st.just(0)),
        group=draw(st.sampled_from(["", "", "", "g", "h"])),
        also=tuple(draw(st.lists(st.sampled_from(["X", "Y", "group:g"]), unique=True, max_size=2))),
        tags=tags,
        needs=tuple(needs),
        rules=tuple(draw(st.permutations("zam"))) if not draw(st.integers(0, 4)) else (),
    )


@st.composite
def stacks(draw: st.DrawFn, most: int = 6) -> Wanted:
    """A stack that nothing went before."""
    found: dict[int, Piece] = {}
    for number in range(draw(st.integers(min(2, most), most))):
        found[number] = draw(pieces(number, list(found)))
    return Wanted(found)


@st.composite
def changes(
    draw: st.DrawFn, *, most: int = 6, later: int = 1, edits: Sequence[str] = EDITS, each: int = 4
) -> tuple[Wanted, ...]:
    """Stacks that follow one another.

    Args:
        most: Things of the first.
        later: How many stacks follow it.
        edits: What may happen, of `EDITS`.
        each: Most edits between two.
    """
    found = [draw(stacks(most))]
    for _ in range(later):
        wanted = attrs.evolve(found[-1], left={})
        wanted = attrs.evolve(wanted, pieces={n: attrs.evolve(p, byhand=False) for n, p in wanted.pieces.items()})
        for edit in draw(st.lists(st.sampled_from(edits), min_size=1, max_size=each)):
            wanted = draw(edited(wanted, edit))
        found.append(wanted)
    return tuple(found)


@st.composite
def edited(draw: st.DrawFn, wanted: Wanted, edit: str) -> Wanted:
    """The stack after one edit; as it is where that edit finds nothing to work on."""
    if edit in ("add", "by hand"):
        number = max(wanted.pieces, default=-1) + 1
        if number == len(LABELS):
            return wanted
        new = draw(pieces(number, list(wanted.pieces), byhand=edit == "by hand"))
        return attrs.evolve(wanted, pieces={**wanted.pieces, number: new})
    if not wanted.pieces:
        return wanted
    used = sorted({one for piece in wanted.pieces.values() for one in piece.uses()}) if edit.endswith("users") else []
    piece = wanted.pieces[draw(st.sampled_from(used or sorted(wanted.pieces)))]
    if edit == "drop":
        return _without(wanted, piece)
    if edit == "with users":
        return _with_users(wanted, piece.number, draw(st.sampled_from(["zone", "model"])))
    if edit == "without users":
        return _without_users(wanted, piece)
    if edit == "move":
        return _moved(wanted, piece, draw(st.sampled_from([f"m{piece.number}", f"-{piece.label}"])), draw)
    return attrs.evolve(wanted, pieces={**wanted.pieces, piece.number: _changed(draw, wanted, piece, edit)})


def _without(wanted: Wanted, piece: Piece) -> Wanted:
    """Without a thing: what referred to it lets go of it."""
    gone = piece.number
    kept = {
        one.number: attrs.evolve(
            one,
            tags={name: v for name, v in one.tags.items() if not (isinstance(v, To) and v.number == gone)},
            needs=tuple(n for n in one.needs if n != gone),
            known=tuple(n for n in one.known if n != gone),
        )
        for one in wanted.pieces.values()
        if one.number != gone
    }
    return Wanted(kept, {old: number for old, number in wanted.left.items() if number != gone})


def _with_users(wanted: Wanted, number: int, attribute: str) -> Wanted:
    """A thing is replaced, and with it all that hold a value of it."""

    def other(one: Piece) -> dict[str, Any]:
        return {attribute: (getattr(one, attribute) or 0) + 1}

    new = {
        one.number: attrs.evolve(one, made=one.made + 1, **other(one))
        for one in wanted.pieces.values()
        if number in (one.number, *one.uses())
    }
    return attrs.evolve(wanted, pieces={**wanted.pieces, **new})


def _without_users(wanted: Wanted, piece: Piece) -> Wanted:
    """A thing is replaced, and all that referred to it let go of it."""
    alone = _without(wanted, piece)
    new = attrs.evolve(piece, zone=(piece.zone or 0) + 1, made=piece.made + 1)
    return Wanted(dict(sorted({**alone.pieces, piece.number: new}.items())), wanted.left)


def _moved(wanted: Wanted, piece: Piece, label: str, draw: st.DrawFn) -> Wanted:
    if piece.number in wanted.left.values() or piece.byhand or piece.rules:
        return wanted
    new = attrs.evolve(piece, label=label, module=draw(st.sampled_from(MODULES)))
    if new.address == piece.address or any(one.address == new.address for one in wanted.pieces.values()):
        return wanted
    return Wanted({**wanted.pieces, piece.number: new}, {**wanted.left, piece.address: piece.number})


def _changed(draw: st.DrawFn, wanted: Wanted, piece: Piece, edit: str) -> Piece:
    below = [number for number in sorted(wanted.pieces) if number < piece.number]
    refs = [name for name, value in piece.tags.items() if isinstance(value, To)]
    match edit:
        case "resize":
            return attrs.evolve(piece, size=draw(st.none() | st.integers(1, 3)))
        case "destroy first":
            return attrs.evolve(piece, zone=(piece.zone or 0) + 1, made=piece.made + 1)
        case "create first":
            return attrs.evolve(piece, model=(piece.model or 0) + 1, made=piece.made + 1)
        case "rename":
            return attrs.evolve(piece, made=piece.made + 1)
        case "refer" if below:
            return attrs.evolve(piece, tags={**piece.tags, "x": To(draw(st.sampled_from(below)))})
        case "let go" if refs:
            return attrs.evolve(piece, tags={name: v for name, v in piece.tags.items() if name not in refs[:1]})
        case "regroup":
            return attrs.evolve(piece, group=draw(st.sampled_from(["", "g", "h"])))
        case "also":
            return attrs.evolve(piece, also=tuple(draw(st.lists(st.sampled_from("XYZ"), unique=True, max_size=2))))
        case "lifecycle":
            plain = attrs.evolve(piece, create_first=False, leave=(), ignore=())
            more: dict[str, Any] = draw(
                st.sampled_from([{"create_first": True}, {"leave": ("size",)}, {"ignore": ("size",)}, {}])
            )
            return attrs.evolve(plain, **more)
        case "needs":
            chosen = draw(st.lists(st.sampled_from(below), unique=True, max_size=2)) if below else []
            return attrs.evolve(piece, needs=tuple(chosen))
        case "known":
            return attrs.evolve(piece, known=(draw(st.sampled_from(below)),) if below else ())
        case "rules":
            return attrs.evolve(piece, rules=tuple(draw(st.permutations("zam"))[: draw(st.integers(0, 3))]))
    return piece


# --- What goes wrong --------------------------------------------------------------------------------------------------


@attrs.frozen
class Faults:
    """A script of what goes wrong, by number of the remote write, from 1: refused, or done with its answer lost."""

    refused: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()

    def onto(self, cloud: Cloud) -> None:
        """From the next write on; what was said before is forgotten."""
        cloud.errors = {cloud.tried + one: ProviderError("refused by the script") for one in self.refused}
        cloud.lost = {cloud.tried + one for one in self.lost}


NONE = Faults()
_numbers = st.frozensets(st.integers(1, 8), max_size=3)
faults = st.builds(Faults, _numbers, _numbers)
"""A script: up to three refused and three lost among the first eight writes."""


# --- The world --------------------------------------------------------------------------------------------------------


class World:
    """A project on a cloud, in a folder that goes with it. A context manager.

    Threads: one, the test's.

    Args:
        cloud: An own one, such as one that refuses more.
        declares: What the provider declares: ``atomic``, ``confirmed``, ``revertible``.
    """

    def __init__(self, cloud: Cloud | None = None, *, more: Sequence[object] = (), **declares: bool) -> None:
        self._folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.cloud = cloud or Cloud()
        for name, value in {"atomic": False, **declares}.items():
            setattr(self.cloud, name, value)
        self.project = Project(Path(self._folder.name) / "stack", cloud=self.cloud, more=more)

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def write(self, wanted: Wanted, order: Random | None = None) -> Project:
        """The stack stands in the folder, and what it imports is there."""
        for piece in wanted.pieces.values():
            if piece.byhand and piece.name not in self.cloud.names():
                self.cloud.add(piece.name, size=7, **({"zone": "z9"} if piece.number % 2 else {}))
        ids = {one.name: one.id for one in self.cloud.objects.values() if one.type == "mem_thing"}
        return self.project.write(wanted.text(ids, order))

    def plan(self, wanted: Wanted, **options: Any) -> Plan:
        """The plan of a stack."""
        return self.write(wanted).plan(**options)

    def possible(self, wanted: Wanted) -> bool:
        """True if the plan of a stack is not refused."""
        try:
            made = self.plan(wanted)
        except HaplanError:
            return False
        return not any(finding.severity == "error" for finding in made.findings)

    def apply(
        self,
        wanted: Wanted,
        *,
        parallelism: int = 1,
        faults: Faults = NONE,
        order: Random | None = None,
        **options: Any,
    ) -> Result:
        """Plan a stack and carry it out."""
        self.write(wanted, order)
        faults.onto(self.cloud)
        try:
            return self.project.apply(parallelism=parallelism, **options)
        finally:
            NONE.onto(self.cloud)

    def estate(self, wanted: Wanted) -> dict[str, Any]:
        """What is there: objects, what shared documents carry, and sequences; with names in the place of ids, and of
        the addresses that owners have in this stack."""
        names = {one.id: f"<{one.name}>" for one in self.cloud.objects.values()}
        names |= {f"token-{identity}": f"token of {name}" for identity, name in names.items()}
        names |= {piece.address: piece.name for piece in wanted.pieces.values()}

        def plain(tree: Any) -> Any:
            if isinstance(tree, Mapping):
                return {name: plain(value) for name, value in sorted(tree.items())}
            if isinstance(tree, list | tuple):
                return [plain(one) for one in tree]
            return names.get(tree, tree) if isinstance(tree, str) else tree

        objects = [[one.type, one.name, plain(one.owner), plain(one.values)] for one in self.cloud.objects.values()]
        rules = {(one.owner, one.name) for one in self.cloud.objects.values()}
        lists: dict[str, list[str]] = {}
        for where, found in self.cloud.sequences.items():
            owner = where.removeprefix("rules:")
            there = [name for name in found if (owner, name) in rules]
            lists.update({plain(owner): there} if there else {})
        return {
            "objects": sorted(objects, key=str),
            "carried": {where: plain(there) for where, there in sorted(self.cloud.carried.items())},
            "sequences": dict(sorted(lists.items())),
        }


def law(examples: int) -> settings:
    """How often a law is tried; a busy machine is no failure, and each example is a few applies."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
