"""The provider ``mem``: an estate in memory that does what a test tells it to. Part of `haplan.testing`."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from haplan.contracts import Calls, Clock, Context, Io, Part, Provider, Query, Reading, Seen, Settlement, Target, Task
from haplan.contracts import Written as Answer
from haplan.errors import ProviderError
from haplan.hookspecs import hookimpl
from haplan.language.kinds import Anything, ListOf, MapOf, ResourceOf, SecretOf, Text, Whole
from haplan.language.refs import Ref
from haplan.language.resource import Resource, Value, attribute, computed, resource
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Placement
from haplan.model.state import Intent
from haplan.model.value import Secret, Tree


class FakeClock:
    """Time that stands still until somebody sleeps."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self._at = at

    def now(self) -> float:
        return self._at

    def sleep(self, seconds: float) -> None:
        self._at += seconds


# --- The vocabulary ---------------------------------------------------------------------------------------------------


@resource("mem_thing", rank=20)
class Thing(Resource):
    """Something with a bit of everything. Things of one `group` share one document."""

    size: Value[int] | None = attribute(Whole(), default=None)
    tags: Mapping[str, Any] | None = attribute(MapOf(Anything()), default=None)
    group: Value[str] | None = attribute(Text(), default=None)
    also: Sequence[str] | None = attribute(ListOf(Text()), default=None, text="Further documents that carry it.")
    members: Sequence[Any] | None = attribute(ListOf(Anything()), default=None, unordered=True)
    psk: Secret | None = attribute(SecretOf(), default=None, sensitive=True)
    zone: Value[str] | None = attribute(Text(), default=None, replaces="destroy-first")
    model: Value[str] | None = attribute(Text(), default=None, replaces="create-first")
    note: Value[str] | None = attribute(Text(), default=None, local=True)
    id: Ref[str] = computed()
    token: Ref[str] = computed()


@resource("mem_rule", rank=60, owned_by=("thing",), ordered=True)
class Rule(Resource):
    """One of the rules of a thing; their order means something, and they share one document."""

    thing: Thing = attribute(ResourceOf(("mem_thing",)))
    text: Value[str] | None = attribute(Text(), default=None)
    id: Ref[str] = computed()


# --- The estate -------------------------------------------------------------------------------------------------------


@attrs.define
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


class Cloud:
    """The estate, and the script of what goes wrong in it.

    Attributes:
        objects: By id.
        sequences: Document → names of its rules in order.
        writes: What took effect, in order.
        reads, polls: Calls of either kind.
        most_at_once: The most writes that were ever under way together.
        errors: Number of a write, from 1 → error raised instead of carrying it out.
        lost: Numbers of writes that take effect and whose answer is lost.
        seconds: Document → seconds until a write of it has settled.
        red: Document → what its check finds wrong.
        held: Document → why its writes are queued.
        during: Called in each write, in the writer's thread, with document and name.
    """

    def __init__(self, file: Path | None = None, *, name: str = "test", clock: Clock | None = None) -> None:
        self.name = name
        self.clock = clock or FakeClock()
        self.objects: dict[str, Stored] = {}
        self.sequences: dict[str, list[str]] = {}
        self.writes: list[Write] = []
        self.reads = self.polls = self.tried = self.made = self.under_way = self.most_at_once = 0
        self.errors: dict[int, Exception] = {}
        self.lost: set[int] = set()
        self.seconds: dict[str, float] = {}
        self.red: dict[str, str] = {}
        self.held: dict[str, str] = {}
        self.during: Callable[[str, str], None] = lambda document, name: None
        self._file = file
        self._lock = threading.Lock()
        if file is not None and file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            self.made, self.sequences = kept["made"], kept["sequences"]
            self.objects = {one["id"]: Stored(**one) for one in kept["objects"]}

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
        made = Stored(f"id-{self.made}", type_name, name, owner, values, "portal", self.clock.now())
        self.objects[made.id] = made
        return made

    def edit(self, name: str, *, who: str = "portal", **values: Tree) -> None:
        """Change an object, as a person at the portal does."""
        found = self.thing(name)
        found.values.update(values)
        found.who, found.when = who, self.clock.now()

    def remove(self, name: str) -> None:
        """Delete an object, as a person at the portal does."""
        self.drop(self.thing(name).id)

    def drop(self, identity: str) -> None:
        """Delete the object of an id, if it is there."""
        self.objects.pop(identity, None)

    def carry_out(self, document: str, step: str, name: str, effect: Callable[[], None]) -> None:
        """One remote write, with whatever the script says of it."""
        with self._lock:
            self.tried += 1
            number = self.tried
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            self.during(document, name)
            with self._lock:
                if number in self.errors:
                    raise self.errors[number]
                effect()
                self.writes.append(Write(document, step, name))
                self._keep()
            if number in self.lost:
                raise ProviderError(f"{document}: the answer never came", lost=True)
        finally:
            with self._lock:
                self.under_way -= 1

    def _keep(self) -> None:
        if self._file is not None:
            objects = [attrs.asdict(one) for one in self.objects.values()]
            kept = {"made": self.made, "sequences": self.sequences, "objects": objects}
            self._file.write_text(json.dumps(kept), encoding="utf-8")


# --- The provider -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Settings:
    """`Mem` needs none."""


class Mem(Provider):
    """The provider ``mem``: one remote write for each part of a task."""

    name: ClassVar[str] = "mem"
    config: ClassVar[type] = Settings
    cloud: ClassVar[Cloud]

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Mem":
        return cls()

    def identity(self) -> Mapping[str, str]:
        return {"kind": "cloud", "id": self.cloud.name, "name": self.cloud.name}

    def read(self, query: Query) -> Reading:
        self.cloud.reads += 1
        found = {target.address: self._find(target) for target in query.targets}
        orders = {(document, "mem_rule"): tuple(names) for document, names in self.cloud.sequences.items()}
        return Reading({address: seen for address, seen in found.items() if seen is not None}, orders)

    def placements(self, change: Change) -> Sequence[Placement]:
        values = {**(change.before or {}), **(change.after or {})}
        if change.type == "mem_rule":
            return (Placement(f"rules:{change.owner}"),)
        document = f"group:{values['group']}" if values.get("group") else f"thing:{change.name}"
        placed = [Placement(document), *(Placement(also, "also") for also in values.get("also") or ())]
        if change.action is Action.REPLACE and change.create_first:
            placed.append(Placement(document, "retire", "delete the old one", late=True))
        return placed

    def calls(self, transactions: Sequence[Task]) -> Calls:
        made = self.cloud.reads + self.cloud.polls
        return Calls(self.name, made, sum(len(task.parts) for task in transactions))

    def write(self, task: Task, io: Io) -> Answer:
        document = task.transaction.document
        ids: dict[str, str] = {}
        for part in task.parts:
            step, effect = self._effect(part, ids)
            io.about_to(step, part.change.address, {"name": part.change.name}, idempotent=step == "update")
            self.cloud.carry_out(document, step, part.change.name, effect)
        for order in task.orders:
            there = [one.name for one in self.cloud.objects.values() if f"rules:{one.owner}" == document]
            others = [name for name in there if name not in order.after]
            self.cloud.sequences[document] = [*(name for name in order.after if name in there), *others]
        tokens = {address: {"id": made, "token": f"token-{made}"} for address, made in ids.items()}
        values = {part.change.address: tokens.get(part.change.address, {}) for part in task.parts}
        settles = document in self.cloud.seconds or document in self.cloud.held
        return Answer(ids, {address: known for address, known in values.items() if known}, settling=settles)

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        self.cloud.polls += 1
        return {task.transaction.id: self._settlement(task) for task in tasks}

    def verify(self, task: Task) -> Sequence[Finding]:
        text = self.cloud.red.get(task.transaction.document)
        return [Finding("MEM", "error", task.parts[0].change.address, text)] if text else []

    def identify(self, intent: Intent) -> Seen | None:
        kind, _, _ = intent.address.partition(".")
        return self._find(Target(intent.address, kind, str(intent.key["name"]), pending=True))

    def _settlement(self, task: Task) -> Settlement:
        document = task.transaction.document
        if document in self.cloud.held:
            return Settlement("queued", self.cloud.held[document])
        left = task.started + self.cloud.seconds.get(document, 0.0) - self.cloud.clock.now()
        return Settlement("waiting", f"{left:.0f} s left") if left > 0 else Settlement("done")

    def _find(self, target: Target) -> Seen | None:
        found, by_name = self.cloud.objects.get(target.id), False
        if found is None and (target.pending or not target.id):
            same = [one for one in self.cloud.objects.values() if (one.type, one.name) == (target.type, target.name)]
            same = [one for one in same if one.owner == target.owner]
            found, by_name = (same[-1] if same else None), True
        if found is None:
            return None
        values = {**found.values, "name": found.name, "id": found.id, "token": f"token-{found.id}"}
        return Seen(target.address, found.id, values, who=found.who, when=found.when, found_by_name=by_name)

    def _effect(self, part: Part, ids: dict[str, str]) -> tuple[str, Callable[[], None]]:
        change, objects = part.change, self.cloud.objects
        old = change.previous_id or change.id
        if change.action is Action.DELETE or part.placement.late:
            return "delete", lambda: self.cloud.drop(old)
        if part.placement.part == "also":
            return "update", lambda: None
        values = {name: tree for name, tree in (change.after or {}).items() if not isinstance(tree, Secret)}
        values = {name: tree for name, tree in values.items() if (name,) not in change.unset or tree}

        def make() -> None:
            if change.action is Action.REPLACE and not change.create_first:
                self.cloud.drop(old)
            ids[change.address] = self.cloud.add(change.name, change.type, change.owner, **values).id

        def update() -> None:
            found = objects[change.id]
            found.name, found.who = str(values.pop("name", change.name)), "haplan"
            for path in change.unset:
                found.values.pop(str(path[0]), None)
            found.values.update(values)
            ids[change.address] = found.id

        fresh = change.action in (Action.CREATE, Action.REPLACE)
        return ("create", make) if fresh else ("update", update)


class MemPlugin:
    """What an installed plugin is as a module."""

    haplan_api = 1

    def __init__(self, cloud: Cloud) -> None:
        self._provider = type("Mem", (Mem,), {"cloud": cloud})

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        return [self._provider]

    @hookimpl
    def haplan_resources(self) -> Iterable[type]:
        return [Thing, Rule]
