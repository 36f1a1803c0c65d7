"""A pond is a folder; each fish in it is a JSON file, named by the fish's id."""

import json
from pathlib import Path
from uuid import uuid4

import attrs

from haplan.plugin import (
    Action, Context, Io, Provider, ProviderError, Query, Reading, Ref, Resource, Seen, Task, Text, Value, Whole,
    Written, attribute, computed, hookimpl, resource,
)  # fmt: skip

haplan_api = 2


@resource("pond_fish")
class Fish(Resource):
    """A fish; another species is another fish."""

    species: Value[str] = attribute(Text(), replaces="destroy-first")
    length: Value[int] | None = attribute(Whole(), default=None)
    id: Ref[str] = computed()


@attrs.frozen
class Settings:
    folder: Path = attrs.field(converter=Path)


@attrs.frozen
class Pond(Settings, Provider):
    name, config = "pond", Settings

    @classmethod
    def open(cls, settings: Settings, context: Context) -> "Pond":
        return cls(settings.folder)

    def identity(self) -> dict[str, str]:
        return {"kind": "pond", "id": str(self.folder.resolve()), "name": self.folder.name}

    def read(self, query: Query) -> Reading:
        fish = {f.stem: json.loads(f.read_text()) | {"id": f.stem} for f in sorted(self.folder.glob("*.json"))}
        names = {values["name"]: id for id, values in fish.items()}
        seen = {}
        for one in query.targets:
            id = names.get(one.name, "") if one.id not in fish and (one.pending or not one.id) else one.id
            if id in fish:
                seen[one.address] = Seen(address=one.address, id=id, values=fish[id], found_by_name=id != one.id)
        return Reading(seen=seen)

    def write(self, task: Task, io: Io) -> Written:
        ids: dict[str, str] = {}
        for change in (part.change for part in task.parts):
            if change.action in (Action.DELETE, Action.REPLACE):
                io.about_to("delete", change.address, {"name": change.name}, idempotent=True)
                (self.folder / f"{change.id}.json").unlink(missing_ok=True)
            if change.after is not None:
                id = uuid4().hex if change.action in (Action.CREATE, Action.REPLACE) else change.id
                io.about_to("put", change.address, {"name": change.name}, idempotent=id == change.id)
                if (change.after.get("length") or 0) > 100:
                    raise ProviderError(f"{change.address}: no room for {change.after['length']} cm; take less")
                new = self.folder / f"{id}.new"
                new.write_text(json.dumps({"name": change.name, **change.after}))
                ids[change.address] = new.rename(new.with_suffix(".json")).stem
        return Written(ids=ids, settling=False)


haplan_providers, haplan_resources = hookimpl(lambda: [Pond]), hookimpl(lambda: [Fish])
