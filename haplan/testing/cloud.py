"""An estate in memory that does what a test tells it to: what the provider ``mem`` reads and writes."""

import copy
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from haplan.contracts import Clock
from haplan.errors import ProviderError
from haplan.model.value import Tree

A_YEAR = 366 * 24 * 3600.0
"""Seconds of simulated time that a test may wait: more than anything lasts, and an end to a loop that has none."""


class FakeClock:
    """Time that stands still until somebody sleeps.

    Threads: any, under one lock: what two sleep is added up.
    """

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self._lock = threading.Lock()
        self._at = at
        self._until = at + A_YEAR

    def now(self) -> float:
        return self._at

    def sleep(self, seconds: float) -> None:
        """Let it pass.

        Raises:
            AssertionError: A year of it has passed: somebody waits for what never comes.
        """
        with self._lock:
            self._at += seconds
            if self._at > self._until:
                raise AssertionError("a year of simulated time has passed: somebody waits for what never comes")


@attrs.define(kw_only=True)
class Stored:
    """One object of the estate, open to edits."""

    id: str
    type: str
    name: str
    owner: str
    values: dict[str, Tree]
    who: str = ""
    when: float = 0.0


@attrs.frozen
class Write:
    """One write that took effect."""

    document: str
    step: str
    name: str


@attrs.define
class Undo:
    """What takes the last write of a document back.

    Attributes:
        sequence: The names of its rules before.
        carried: What it carried of others before.
        until: Epoch seconds at which it happens by itself; None waits until it is asked for.
        objects: Id → the object before, or None where there was none.
    """

    sequence: list[str] | None
    until: float | None
    objects: dict[str, Stored | None] = attrs.field(factory=dict)
    carried: dict[str, Tree] = attrs.field(factory=dict)


class Cloud:
    """The estate, and the script of what goes wrong in it.

    Threads: those of a provider look and write under `lock`. The script is the test's, before they begin.

    Attributes:
        objects: By id.
        sequences: Document → names of its rules in order.
        carried: Document → name → values of things that it carries beside their own documents.
        writes: What took effect, in order.
        reads, polls: Calls of either kind.
        most_at_once: The most writes that were ever under way together.
        errors: Number of a write, from 1 → error raised instead of carrying it out.
        lost: Numbers of writes that take effect and whose answer is lost.
        seconds: Document → seconds until a write of it has settled.
        seconds_back: Document → seconds until it has taken a write back.
        red, broken, held: Document → what its check finds wrong; why its writes never settle; why they are queued.
        during: Called in each write, in the writer's thread, with document and name.
        guarded: What another object names by its id is not deleted.
        confirmed, revertible, atomic: What the provider declares. A write that needs a confirmation takes itself back
            after `patience` seconds without one; one that is not atomic sets its attributes one by one.
    """

    confirmed = revertible = guarded = False
    atomic = True
    patience = 600.0

    def __init__(self, file: Path | None = None, *, name: str = "test", clock: Clock | None = None) -> None:
        self.name = name
        self.clock = clock or FakeClock()
        self.objects: dict[str, Stored] = {}
        self.sequences: dict[str, list[str]] = {}
        self.carried: dict[str, dict[str, Tree]] = {}
        self.writes: list[Write] = []
        self.reads = self.polls = self.tried = self.made = self.under_way = self.most_at_once = 0
        self.errors: dict[int, Exception] = {}
        self.lost: set[int] = set()
        self.seconds: dict[str, float] = {}
        self.seconds_back: dict[str, float] = {}
        self.red: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self.held: dict[str, str] = {}
        self.during: Callable[[str, str], None] = lambda document, name: None
        self.undo: dict[str, Undo] = {}
        self._file = file
        self.lock = threading.RLock()
        if file is not None and file.exists():
            self.fill(json.loads(file.read_text(encoding="utf-8")))

    def thing(self, name: str) -> Stored:
        """The only object of a name."""
        (found,) = (one for one in self.objects.values() if one.name == name)
        return found

    def names(self) -> list[str]:
        """All names, sorted; one that stands twice was doubled."""
        return sorted(one.name for one in self.objects.values())

    def add(self, name: str, type_name: str = "mem_thing", owner: str = "", **values: Tree) -> Stored:
        """Make an object, as a person at the portal does."""
        self.made += 1
        now, made = self.clock.now(), f"id-{self.made}"
        new = Stored(id=made, type=type_name, name=name, owner=owner, values=values, who="portal", when=now)
        return self.objects.setdefault(made, new)

    def edit(self, name: str, *, who: str = "portal", **values: Tree) -> None:
        """Change an object, as a person at the portal does."""
        found = self.thing(name)
        found.values.update(values)
        found.who, found.when = who, self.clock.now()

    def remove(self, name: str) -> None:
        """Delete an object, as a person at the portal does."""
        self.drop(self.thing(name).id)

    def drop(self, identity: str) -> None:
        """Delete the object of an id, if it is there, and nothing guards it."""
        (_unused(self.objects, identity) if self.guarded else self.objects).pop(identity, None)

    def make(self, name: str, type_name: str, owner: str, values: Mapping[str, Tree], instead_of: str = "") -> str:
        """Make an object, perhaps in the place of another; gives its id."""
        self.drop(instead_of)
        return self.add(name, type_name, owner, **values).id

    def change(self, identity: str, values: Mapping[str, Tree]) -> str:
        """Change an object: its name and attributes; None unsets one. Gives its id."""
        found = self.objects[identity]
        values = dict(values)
        found.name, found.who = str(values.pop("name", found.name)), "haplan"
        for attribute, value in values.items():
            if value is None:
                found.values.pop(attribute, None)
            else:
                found.values[attribute] = value
        return identity

    def arrange(self, document: str, names: Sequence[str]) -> None:
        """Set the sequence of a document's rules; those that are not named follow."""
        there = [one.name for one in self.objects.values() if f"rules:{one.owner}" == document]
        others = [name for name in there if name not in names]
        self.sequences[document] = [*(name for name in names if name in there), *others]

    def carry_out(self, document: str, step: str, name: str, effect: "Effect") -> str:
        """One remote write, with whatever the script says of it; gives the id of what was made or changed."""
        with self.lock:
            self.tried += 1
            number = self.tried
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            self.during(document, name)
            with self.lock:
                if number in self.errors:
                    raise self.errors[number]
                identity = self._take_effect(document, effect)
                self.writes.append(Write(document, step, name))
                self._keep()
            if number in self.lost:
                raise ProviderError(f"{document}: the answer never came", lost=True)
            return identity or ""
        finally:
            with self.lock:
                self.under_way -= 1

    # --- Taking back ---

    def begin(self, document: str) -> None:
        """A write of a document begins; one before it that waits for its confirmation is still what it goes back to."""
        with self.lock:
            if (self.confirmed or self.revertible) and not (self.confirmed and document in self.undo):
                names, carried = self.sequences.get(document), dict(self.carried.get(document, {}))
                self.undo[document] = Undo(None if names is None else list(names), None, carried=carried)

    def confirm(self, document: str) -> None:
        """The last write of a document stays."""
        self.undo.pop(document, None)

    def give_back(self, document: str, until: float) -> None:
        """The document begins to go back to what it was before its last write, and is there at that time."""
        if document in self.undo:
            self.undo[document].until = until

    def take_back(self, document: str) -> None:
        """The document is as it was before its last write."""
        undo = self.undo.pop(document, None)
        if undo is None:
            return
        for identity, before in undo.objects.items():
            self.objects.pop(identity, None)
            if before is not None:
                self.objects[identity] = before
        if undo.sequence is not None:
            self.sequences[document] = undo.sequence
        self.carried.pop(document, None)
        self.carried.update({document: undo.carried} if undo.carried else {})

    def expire(self) -> None:
        """Writes that nobody confirmed in time take themselves back."""
        now = self.clock.now()
        with self.lock:
            for document in [one for one, undo in self.undo.items() if undo.until is not None and undo.until <= now]:
                self.take_back(document)

    def _take_effect(self, document: str, effect: "Effect") -> str | None:
        undo = self.undo.get(document)
        if undo is None:
            return effect(self)
        before, until = copy.deepcopy(self.objects), undo.until
        made = effect(self)
        for identity in {*before, *self.objects}:
            if before.get(identity) != self.objects.get(identity):
                undo.objects.setdefault(identity, before.get(identity))
        if self.confirmed and undo.until == until:
            undo.until = self.clock.now() + self.patience
        return made

    # --- Keeping ---

    def kept(self) -> dict[str, Tree]:
        """The estate as plain JSON."""
        with self.lock:
            objects = [attrs.asdict(one) for one in self.objects.values()]
            undo = {document: attrs.asdict(one) for document, one in self.undo.items()}
            shared = {"sequences": dict(self.sequences), "carried": copy.deepcopy(self.carried)}
            return {"made": self.made, **shared, "objects": objects, "undo": undo}

    def fill(self, kept: Mapping[str, Tree]) -> None:
        """Take what `kept` gave in the place of what is there."""
        with self.lock:
            self.made, self.undo = kept["made"], {}
            self.sequences, self.carried = kept["sequences"], kept["carried"]
            self.objects = {one["id"]: Stored(**one) for one in kept["objects"]}
            for document, undo in kept["undo"].items():
                objects = {identity: Stored(**one) if one else None for identity, one in undo["objects"].items()}
                self.undo[document] = Undo(undo["sequence"], undo["until"], objects, undo["carried"])

    def _keep(self) -> None:
        if self._file is not None:
            self._file.write_text(json.dumps(self.kept()), encoding="utf-8")


def _unused(objects: dict[str, Stored], identity: str) -> dict[str, Stored]:
    users = sorted(one.name for one in objects.values() if _names(one.values, identity))
    if users:
        raise ProviderError(f"{objects[identity].name} is in use by {', '.join(users)}")
    return objects


def _names(tree: Tree, identity: str) -> bool:
    """True if an id is among the values of an object."""
    if isinstance(tree, Mapping):
        return any(_names(one, identity) for one in tree.values())
    if isinstance(tree, list | tuple):
        return any(_names(one, identity) for one in tree)
    return bool(identity) and tree == identity


Effect = Callable[[Cloud], str | None]
"""What a remote write does; a partial call of a method of `Cloud`, so that it can be sent to another process."""


def carry(cloud: Cloud, document: str, was: str, name: str, values: Tree) -> None:
    """A document carries a thing beside its own, or with None no longer; `was` is its name before."""
    there = cloud.carried.setdefault(document, {})
    there.pop(was, None)
    there.pop(name, None)
    there.update({name: values} if values is not None else {})
    if not there:
        del cloud.carried[document]
