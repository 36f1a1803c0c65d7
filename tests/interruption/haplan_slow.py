"""A provider whose writes take as long as a test wants: each ends when there is a file named ``go``."""

import json
import time
from pathlib import Path

import attrs

from haplan import Ref, Resource, Value
from haplan.contracts import Context, Io, Provider, Query, Reading, Seen, Task, Written
from haplan.hookspecs import hookimpl
from haplan.language.kinds import Whole
from haplan.language.resource import attribute, computed, resource
from haplan.model.plan import Action

haplan_api = 2


@resource("slow_job")
class Job(Resource):
    """A file, made slowly."""

    size: Value[int] = attribute(Whole(), default=1)
    id: Ref[str] = computed()


@attrs.frozen
class Settings:
    folder: str


@attrs.frozen
class Slow(Provider):
    name = "slow"
    config = Settings
    folder: Path

    @classmethod
    def open(cls, settings: Settings, context: Context) -> "Slow":
        return cls(Path(settings.folder))

    def identity(self) -> dict[str, str]:
        return {"kind": "folder", "id": str(self.folder), "name": self.folder.name}

    def read(self, query: Query) -> Reading:
        there = {file.stem: json.loads(file.read_text()) for file in self.folder.glob("*.job")}
        return Reading(
            seen={
                one.address: Seen(
                    address=one.address,
                    id=one.name,
                    values={**there[one.name], "id": one.name},
                    found_by_name=not one.id,
                )
                for one in query.targets
                if one.name in there and (one.id or one.pending)
            }
        )

    def write(self, task: Task, io: Io) -> Written:
        for change in (part.change for part in task.parts):
            io.about_to("put", change.address, {"name": change.name})
            (self.folder / f"{change.name}.begun").touch()
            until = time.monotonic() + 60
            while not (self.folder / "go").exists() and time.monotonic() < until:
                time.sleep(0.01)
            file = self.folder / f"{change.name}.job"
            if change.action is Action.DELETE:
                file.unlink()
            else:
                file.write_text(json.dumps({"name": change.name, **(change.after or {})}))
        return Written(ids={part.change.address: part.change.name for part in task.parts}, settling=False)


haplan_providers = hookimpl(lambda: [Slow])
haplan_resources = hookimpl(lambda: [Job])
