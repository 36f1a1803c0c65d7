"""The provider ``mem``: it does on a `Cloud` what a test tells it to. Part of `haplan.testing`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import attrs

from haplan.contracts import (
    Calls,
    Context,
    Destination,
    Io,
    Part,
    Provider,
    Query,
    Reading,
    Resources,
    Seen,
    Settlement,
    Target,
    Task,
)
from haplan.contracts import Written as Answer
from haplan.hookspecs import hookimpl
from haplan.language.kinds import Anything, ListOf, MapOf, ResourceOf, SecretOf, Text, Whole
from haplan.language.refs import Ref
from haplan.language.resource import Resource, Value, attribute, computed, resource
from haplan.model.address import parse
from haplan.model.document import Document
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Placement
from haplan.model.state import Intent
from haplan.model.value import Secret, Tree
from haplan.testing.cloud import Cloud, Effect, carry

# --- The vocabulary ---------------------------------------------------------------------------------------------------


@resource("mem_thing", rank=20, steps=("formation",))
class Thing(Resource):
    """Something with a bit of everything. Things of one `group` share one document."""

    size: Value[int] | None = attribute(Whole(), default=None)
    tags: Mapping[str, Tree] | None = attribute(MapOf(Anything()), default=None)
    group: Value[str] | None = attribute(Text(), default=None)
    also: Sequence[str] | None = attribute(ListOf(Text()), default=None, text="Further documents that carry it.")
    members: Sequence[Any] | None = attribute(ListOf(Anything()), default=None, unordered=True)
    psk: Secret | None = attribute(SecretOf(), default=None, sensitive=True)
    zone: Value[str] | None = attribute(Text(), default=None, replaces="destroy-first")
    model: Value[str] | None = attribute(Text(), default=None, replaces="create-first")
    note: Value[str] | None = attribute(Text(), default=None, local=True)
    near: "Thing | None" = attribute(
        ResourceOf(("mem_thing",)), default=None, replaces="destroy-first", text="Another thing, held by its id."
    )
    spelt: "Thing | None" = attribute(
        ResourceOf(("mem_thing",)), default=None, replaces="destroy-first", text="Another thing, held by its name."
    )
    id: Ref[str] = computed()
    token: Ref[str] = computed()


@resource("mem_rule", rank=60, owned_by=("thing",), ordered=True)
class Rule(Resource):
    """One of the rules of a thing; their order means something, and they share one document."""

    thing: Thing = attribute(ResourceOf(("mem_thing",)))
    text: Value[str] | None = attribute(Text(), default=None)
    id: Ref[str] = computed()


# --- The provider -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Settings:
    """Where `Mem` says that it sends to, though nothing goes there: to `host`, else ``MEM_HOST``, and with one of those
    to a device for each `zone` of a thing.
    """

    host: str = ""
    trust: str = ""
    verify: bool = True
    key: Any = ""


class Mem(Provider):
    """The provider ``mem``: one remote write for each part of a task, or for each attribute if it is not atomic."""

    name: ClassVar[str] = "mem"
    config: ClassVar[type] = Settings
    by_id: ClassVar[Mapping[str, tuple[str, ...]]] = {"mem_thing": ("near",)}
    cloud: ClassVar[Cloud]

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Mem":
        return cls()

    @classmethod
    def destinations(
        cls, settings: Settings, environ: Mapping[str, str], resources: Resources
    ) -> Sequence[Destination]:
        host = getattr(settings, "host", "") or environ.get("MEM_HOST", "")  # who inherits has settings of its own
        devices = {str(values["zone"]) for kind, values in resources if kind == "mem_thing" and values.get("zone")}
        found = [Destination(host=host, trust=settings.trust, verify=settings.verify)] if host else []
        return [*found, *(Destination(name=one, host=f"{one}.example") for one in sorted(devices) if host)]

    def identity(self) -> Mapping[str, str]:
        return {"kind": "cloud", "id": self.cloud.name, "name": self.cloud.name}

    def read(self, query: Query) -> Reading:
        with self.cloud.lock:
            self.cloud.reads += 1
            self.cloud.expire()
            found = {target.address: self._find(target) for target in query.targets}
            lists = self.cloud.sequences.items()
            orders = {(Document.parse(document), "mem_rule"): tuple(names) for document, names in lists}
        return Reading(seen={address: seen for address, seen in found.items() if seen is not None}, orders=orders)

    def recall(self, query: Query) -> None:
        """Nothing: a change alone says where it is placed."""

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        values = {**(change.before or {}), **(change.after or {})}
        if change.type == "mem_rule":
            return (Placement(document=f"rules:{change.owner}"),)
        document = Document("group", str(values["group"])) if values.get("group") else Document("thing", change.name)
        title = "" if isinstance(values.get("group"), str | None) else "which group is known after apply"
        documents = dict.fromkeys((*_beside(change.after), *_beside(change.before)))
        placed = [
            Placement(document=document, title=title),
            *(Placement(document=one, part="also", apart=True) for one in documents),
        ]
        if change.action is Action.REPLACE and change.create_first:
            placed.append(
                Placement(document=document, part="retire", title="delete the old one", verb="delete", late=True)
            )
        return placed

    def calls(self, transactions: Sequence[Task], look: Any) -> Calls:
        made = self.cloud.reads + self.cloud.polls
        return Calls(
            provider=self.name, made=made, expected=sum(len(task.parts) + len(task.orders) for task in transactions)
        )

    def write(self, task: Task, io: Io) -> Answer:
        document = str(task.transaction.document)
        ids: dict[str, str] = {}
        self.cloud.begin(document)
        for part in task.parts:
            change = part.change
            for step, effect in self._effects(part):
                again = step not in ("create", "delete")
                io.about_to(step, change.address, {"name": change.name}, idempotent=again)
                if made := self.cloud.carry_out(document, step, change.name, effect):
                    ids[change.address] = made
        for order in task.orders:
            last = task.parts[-1].change
            io.about_to("order", last.address, {"name": last.name}, idempotent=True)
            self.cloud.carry_out(
                document, "order", document, partial(Cloud.arrange, document=document, names=order.after)
            )
        tokens = {address: {"id": made, "token": f"token-{made}"} for address, made in ids.items()}
        values = {part.change.address: tokens.get(part.change.address, {}) for part in task.parts}
        settles = document in self.cloud.seconds or document in self.cloud.held
        known = {address: tokens for address, tokens in values.items() if tokens}
        until = self.cloud.clock.now() + self.cloud.seconds.get(document, 0.0)
        return Answer(ids=ids, values=known, settling=settles, receipt={"until": until})

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        with self.cloud.lock:
            self.cloud.polls += 1
        return {task.transaction.id: self._settlement(task) for task in tasks}

    def verify(self, task: Task) -> Sequence[Finding]:
        text = self.cloud.red.get(str(task.transaction.document))
        return (
            [Finding(rule="MEM", severity="error", address=task.parts[0].change.address, message=text)] if text else []
        )

    def confirm(self, task: Task) -> None:
        document = str(task.transaction.document)
        self.cloud.carry_out(document, "confirm", document, partial(Cloud.confirm, document=document))

    def revert(self, task: Task) -> Answer:
        document = str(task.transaction.document)
        seconds = self.cloud.seconds_back.get(document, 0.0)
        until = self.cloud.clock.now() + seconds
        effect = (
            partial(Cloud.give_back, document=document, until=until)
            if seconds
            else partial(Cloud.take_back, document=document)
        )
        self.cloud.carry_out(document, "revert", document, effect)
        return Answer(settling=seconds > 0, receipt={"back": until})

    def identify(self, intent: Intent) -> Seen | None:
        kind = parse(intent.address).type
        with self.cloud.lock:
            self.cloud.expire()
            return self._find(Target(address=intent.address, type=kind, name=str(intent.key["name"]), pending=True))

    def _settlement(self, task: Task) -> Settlement:
        document, receipt, now = str(task.transaction.document), task.receipt, self.cloud.clock.now()
        if "back" in receipt:
            at = datetime.fromtimestamp(receipt["back"], UTC)
            self.cloud.expire()
            done = document not in self.cloud.undo
            return (
                Settlement(state="done")
                if done
                else Settlement(state="waiting", text=f"taking itself back until {at:%H:%M}")
            )
        if document in self.cloud.broken:
            return Settlement(state="failed", text=self.cloud.broken[document])
        if document in self.cloud.held:
            return Settlement(state="queued", text=self.cloud.held[document])
        left = receipt["until"] - now
        return Settlement(state="waiting", text=f"{left:.0f} s left") if left > 0 else Settlement(state="done")

    def _find(self, target: Target) -> Seen | None:
        found, by_name = self.cloud.objects.get(target.id), False
        found = found if found is not None and found.type == target.type else None
        if found is None and (target.pending or not target.id):
            same = [one for one in self.cloud.objects.values() if (one.type, one.name) == (target.type, target.name)]
            within = [one for one in same if one.owner == target.owner]
            named = [one for one in same if one.owner and one.values.get("thing") == target.owner_name]
            same = within or named  # who owns it may have another address by now
            found, by_name = (same[-1] if same else None), True
        if found is None:
            return None
        values = {**found.values, "name": found.name, "id": found.id, "token": f"token-{found.id}"}
        if "thing" in values and target.owner_name:
            values["thing"] = target.owner_name  # it lives there, however that is called
        if beside := self.cloud.objects.get(str(values.get("near"))):
            values["near"] = beside.name
        return Seen(
            address=target.address, id=found.id, values=values, who=found.who, when=found.when, found_by_name=by_name
        )

    def _id_of(self, change: Change, name: str) -> str:
        with self.cloud.lock:
            found = (one.id for one in self.cloud.objects.values() if (one.type, one.name) == (change.type, name))
            return next(found, "")

    def _effects(self, part: Part) -> Iterator[tuple[str, Effect]]:
        """The remote writes of a part, with what each of them does."""
        change = part.change
        old, sent = change.previous_id or change.id, _sent(change)
        if sent.get("near"):
            sent["near"] = self._id_of(change, sent["near"])
        if part.placement.part == "also":
            yield _beside_step(change, str(part.placement.document), sent)
        elif change.action is Action.DELETE or part.placement.late:
            yield "delete", partial(Cloud.drop, identity=old)
        elif change.action in (Action.CREATE, Action.REPLACE):
            values = {name: value for name, value in sent.items() if name != "name" and value is not None}
            gone = old if change.action is Action.REPLACE and not change.create_first else ""
            yield (
                "create",
                partial(
                    Cloud.make,
                    name=change.name,
                    type_name=change.type,
                    owner=change.owner,
                    values=values,
                    instead_of=gone,
                ),
            )
        else:
            steps = {"update": sent} if self.cloud.atomic else {f"set {one}": {one: sent[one]} for one in sent}
            for step, values in steps.items():
                yield step, partial(Cloud.change, identity=change.id, values={"name": change.name, **values})


def _beside(values: Mapping[str, Tree] | None) -> Sequence[str]:
    """The documents that carry a thing beside its own."""
    also = (values or {}).get("also")
    return also if isinstance(also, list | tuple) else ()


def _beside_step(change: Change, document: str, sent: Mapping[str, Tree]) -> tuple[str, Effect]:
    """The write of a document that carries a thing beside its own, or does so no longer; nobody reads there."""
    here = change.action is not Action.DELETE and document in _beside(change.after)
    values = {name: value for name, value in sent.items() if name != "name" and value is not None} if here else None
    was = str((change.before or {}).get("name", change.name))
    return "update", partial(carry, document=document, was=was, name=change.name, values=values)


def _sent(change: Change) -> dict[str, Tree]:
    """What a write sends, by attribute: no secrets, and None for what is unset."""
    after = {name: value for name, value in (change.after or {}).items() if not isinstance(value, Secret)}
    return {**{str(path[0]): None for path in change.unset if not after.get(str(path[0]))}, **after}


class MemPlugin:
    """What an installed plugin is as a module."""

    haplan_api = 2

    def __init__(self, cloud: Cloud) -> None:
        told = {name: getattr(cloud, name) for name in ("confirmed", "revertible", "atomic")}
        self._provider = type("Mem", (Mem,), {"cloud": cloud, **told})

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        return [self._provider]

    @hookimpl
    def haplan_resources(self) -> Iterable[type]:
        return [Thing, Rule]
