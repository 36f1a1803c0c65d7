"""The built-in plugin: the provider of ``Data`` resources, which live in state only, and the secret sources."""

import subprocess
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from haplan.contracts import Context, Io, Provider, Query, Reading, Seen, Task, Written
from haplan.errors import HaplanError
from haplan.hookspecs import hookimpl
from haplan.language.data import Data
from haplan.model import value as model
from haplan.model.plan import Action, Change, Placement

haplan_api = 1


@attrs.frozen
class NoSettings:
    """`Data` needs none."""


class StateOnly(Provider):
    """Serves ``Data``: what is in state is what is there."""

    name: ClassVar[str] = "haplan"
    config: ClassVar[type] = NoSettings

    @classmethod
    def open(cls, settings: Any, context: Context) -> "StateOnly":
        return cls()

    def identity(self) -> Mapping[str, str]:
        return {"kind": "state", "id": "state", "name": "state"}

    def read(self, query: Query) -> Reading:
        seen = {
            target.address: Seen(target.address, target.row.id, model.decode(target.row.values), target.row.private)
            for target in query.targets
            if target.row is not None
        }
        return Reading(seen)

    def placements(self, change: Change) -> Sequence[Placement]:
        return (Placement(f"record:{change.address}"),)

    def write(self, task: Task, io: Io) -> Written:
        ids: dict[str, str] = {}
        values: dict[str, Mapping[str, model.Tree]] = {}
        for part in task.parts:
            change = part.change
            if change.action is not Action.DELETE:
                fresh = change.action in (Action.CREATE, Action.REPLACE)
                ids[change.address] = str(uuid.uuid4()) if fresh else change.id
                values[change.address] = {"output": (change.after or {}).get("input"), "id": ids[change.address]}
        return Written(ids, values, settling=False)


def _file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise HaplanError(f"secret file:{path}: {reason}") from None


def _command(line: str) -> str:
    """The first line that a command prints; the shell is the user's own, as the command is."""
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise HaplanError(f"secret command:…: the command ended with {done.returncode}")
    return done.stdout.rstrip("\n")


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    return [StateOnly]


@hookimpl
def haplan_resources() -> Iterable[type]:
    return [Data]


@hookimpl
def haplan_secret_sources() -> Mapping[str, Callable[[str], str]]:
    return {"file": _file, "command": _command}
