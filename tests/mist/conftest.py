"""A Mist provider on a simulated cloud over real HTTP, and just enough of an engine to drive it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import httpx
import pytest

from haplan.contracts import Context, Part, Query, Reading, Seen, Settlement, Target, Task, Written
from haplan.model.compare import merged, owned
from haplan.model.plan import Action, Change, Order, Placed, Transaction
from haplan.model.reason import Reason
from haplan.model.state import Row
from haplan.model.value import decode, encode
from haplan_mist.config import MistConfig
from haplan_mist.estate import Lists
from haplan_mist.lab import Device, Lab, LabDefinition
from haplan_mist.provider import MistProvider

MACS = ("02005e100c30", "02005e100c31")
OWNERS = {"steering", "policy"}


class Io:
    """Notes what is announced."""

    run = "r1"

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.keys: list[dict[str, Any]] = []

    def about_to(self, step: str, address: str, key: Mapping[str, Any], *, idempotent: bool = False) -> None:
        self.steps.append(step)
        self.keys.append(dict(key))

    def still(self) -> None:
        self.steps.append("still?")

    def progress(self, text: str) -> None:
        pass

    def evidence(self, text: str) -> None:
        pass


@attrs.define
class World:
    """A provider, its lab, and the rows that an engine would keep."""

    lab: Lab
    provider: MistProvider
    url: str
    rows: dict[str, Row] = attrs.field(factory=dict)
    memory: Mapping[str, Any] = attrs.field(factory=dict)
    steps: list[str] = attrs.field(factory=list)
    told: list[str] = attrs.field(factory=list)
    logged: list[str] = attrs.field(factory=list)

    # --- reading ---

    def read(self, *targets: Target, max_age: float = 0.0) -> Reading:
        """All that is recorded, or these targets."""
        asked = targets or tuple(self.target(row) for row in self.rows.values())
        return self.provider.read(Query(targets=asked, max_age=max_age, memory=self.memory))

    def target(self, row: Row) -> Target:
        owner = self.rows.get(row.owner)
        return Target(
            address=row.address,
            type=row.type,
            name=row.name,
            id=row.id,
            owner=row.owner,
            owner_name=owner.name if owner else "",
            owner_type=owner.type if owner else "",
            values=row.values,
            row=row,
        )

    def see(self, address: str) -> Seen:
        return self.read().seen[address]

    def look(self) -> Any:
        return self.read().look

    def made(self) -> int:
        return self.provider.calls((), None).made

    # --- writing ---

    def create(self, type_: str, name: str, /, extra: Mapping[str, Any] | None = None, **values: Any) -> Written:
        after = {**values, **({"extra": extra} if extra else {})}
        owner = self._owner(type_, values)
        made = Change(
            address=f"{type_}.{name}",
            type=type_,
            name=name,
            provider="mist",
            action=Action.CREATE,
            reason=Reason.NEW,
            after=after,
            owner=owner,
            extra=extra or {},
        )
        return self.apply(made)

    def update(self, place: str, /, *, rename: str = "", unset: tuple[str, ...] = (), **values: Any) -> Written:
        return self.apply(self.changed(place, rename=rename, unset=unset, **values))

    def changed(self, place: str, /, *, rename: str = "", unset: tuple[str, ...] = (), **values: Any) -> Change:
        row, seen = self.rows[place], self.see(place)
        recorded = {key: value for key, value in decode(row.values).items() if key != "id"}
        after = {**{key: value for key, value in recorded.items() if key not in unset}, **values}
        before = owned(merged(after, recorded), seen.values)
        if rename:
            before, after = {**before, "name": row.name}, {**after, "name": rename}
        return Change(
            address=place,
            type=row.type,
            name=rename or row.name,
            provider="mist",
            action=Action.UPDATE,
            reason=Reason.CHANGED,
            before=before,
            after=after,
            owner=row.owner,
            id=seen.id,
            extra=after.get("extra") or {},
            private=row.private,
        )

    def delete(self, address: str) -> Written:
        row = self.rows[address]
        before = {key: value for key, value in row.values.items() if key != "id"}
        return self.apply(
            Change(
                address=address,
                type=row.type,
                name=row.name,
                provider="mist",
                action=Action.DELETE,
                before=before,
                owner=row.owner,
                id=row.id,
                private=row.private,
            )
        )

    def apply(self, *changes: Change, orders: Mapping[str, tuple[str, ...]] | None = None) -> Written:
        """Each document once, in the order of the placements; waits to the end."""
        documents: dict[str, list[Placed]] = {}
        by_address = {change.address: change for change in changes}
        for change in changes:
            for placement in self.provider.placements(change, Lists({})):
                documents.setdefault(str(placement.document), []).append(Placed(change.address, placement))
        written = Written()
        for number, (document, placed) in enumerate(documents.items()):
            task, one = self.start(f"t{number}", document, placed, by_address, (orders or {}).get(document, ()))
            if one.settling:
                more = self.settle(task)
                assert more.state == "done", more.text
                one = attrs.evolve(one, ids={**one.ids, **more.written.ids})
            written = Written(ids={**written.ids, **one.ids}, values={}, private={**written.private, **one.private})
            for change in changes:
                self._record(change, written)
        return written

    def start(
        self, id_: str, document: str, placed: list[Placed], changes: Mapping[str, Change], order: tuple[str, ...] = ()
    ) -> tuple[Task, Written]:  # fmt: skip
        targets = tuple(self._target_of(changes[one.address]) for one in placed)
        seen = self.provider.read(Query(targets=targets, max_age=60.0)).seen
        parts = tuple(
            Part(changes[one.address], one.placement, seen.get(one.address), self.rows.get(one.address))
            for one in placed
        )
        orders = (Order(document, "policy", (), order),) if order else ()
        task = Task(
            transaction=Transaction(
                id=id_, stage=1, provider="mist", document=document, placed=tuple(placed), orders=orders
            ),
            parts=parts,
            orders=orders,
            timeouts={},
            started=self.lab.clock.now(),
        )
        io = Io()
        try:
            written = self.provider.write(task, io)
            return attrs.evolve(task, receipt=written.receipt), written
        finally:
            self.steps += io.steps

    def settle(self, task: Task, *, minutes: int = 60) -> Settlement:
        for _ in range(minutes):
            found = self.provider.settled([task])[task.transaction.id]
            if found.state != "waiting":
                return found
            self.told.append(found.text)
            self.lab.clock.sleep(60)
        return found

    def _target_of(self, change: Change) -> Target:
        owner = self.rows.get(change.owner)
        return Target(
            address=change.address,
            type=change.type,
            name=str((change.before or {}).get("name", change.name)),
            id=change.id,
            owner=change.owner,
            owner_name=owner.name if owner else "",
            owner_type=owner.type if owner else "",
            values=change.after if change.after is not None else change.before or {},
            row=self.rows.get(change.address),
        )

    def _record(self, change: Change, written: Written) -> None:
        if change.action is Action.DELETE:
            self.rows.pop(change.address, None)
            return
        values = {key: value for key, value in (change.after or {}).items() if key != "name"}
        old = self.rows.get(change.address)
        private = {**(old.private if old else {}), **written.private.get(change.address, {})}
        self.rows[change.address] = Row(
            address=change.address,
            type=change.type,
            provider="mist",
            name=change.name,
            owner=change.owner,
            id=written.ids.get(change.address, change.id),
            values=encode(values),
            declared=tuple(values),
            private=private,
        )

    def _owner(self, type_: str, values: Mapping[str, Any]) -> str:
        if type_ not in OWNERS:
            return ""
        return f"hub_profile.{values['profile']}" if "profile" in values else f"wan_edge_template.{values['template']}"

    # --- another client ---

    def portal(self, method: str, path: str, body: Any = None) -> Any:
        """A person's edit."""
        headers = {"Authorization": f"Token {self.lab.person_token}"}
        answer = httpx.request(
            method, f"{self.url}/api/v1{path}", json=body, headers=headers, trust_env=False, verify=False
        )
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    def org(self, rest: str) -> str:
        return f"/orgs/{self.lab.org_id}/{rest}"

    def listed(self, rest: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.portal("GET", self.org(rest))
        return found


MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Any) -> Iterator[MakeWorld]:
    """Makes worlds; the definition of the lab may be given."""
    stops: list[Callable[[], None]] = []

    def make(definition: LabDefinition | None = None, **parts: Any) -> World:
        devices = tuple(Device(mac=mac, serial=f"SN{mac[-4:]}", model="SSR120") for mac in MACS)
        definition = definition or LabDefinition(**{"devices": devices, **parts})
        lab = Lab(tmp_path / f"lab{len(stops)}", definition=definition)
        served = lab.start()
        told: list[str] = []
        logged: list[str] = []
        context = Context(
            clock=lab.clock,
            environ={},
            secret=lambda source: f"secret of {source}",
            log=logged.append,
            tell=told.append,
        )
        settings = {"host": served.url, "org_id": served.org_id, "apitoken": served.token}
        provider = MistProvider.open(MistConfig(**settings), context)
        stops.extend((provider.close, lab.stop))
        return World(lab, provider, served.url, told=told, logged=logged)

    yield make
    for stop in stops:
        stop()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A lab with two unassigned SSR120."""
    return make_world()
