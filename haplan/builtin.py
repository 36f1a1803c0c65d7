"""The built-in plugin: the provider of ``Data`` resources, which live in state only, the secret sources, and a page for
each finding that the engine makes by itself.
"""

import os
import selectors
import subprocess
import time
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
from haplan.model.finding import Moment, Rule, Severity, explained
from haplan.model.plan import Action, Change, Placement
from haplan.state import files

haplan_api = 2


@attrs.frozen
class NoSettings:
    """`Data` needs none."""


class StateOnly(Provider):
    """Serves ``Data``: what is in state is what is there."""

    name: ClassVar[str] = "haplan"
    types: ClassVar[tuple[str, ...]] = ("record",)
    config: ClassVar[type] = NoSettings

    @classmethod
    def open(cls, settings: Any, context: Context) -> "StateOnly":
        return cls()

    def identity(self) -> Mapping[str, str]:
        return {"kind": "state", "id": "state", "name": "state"}

    def read(self, query: Query) -> Reading:
        seen = {
            target.address: Seen(
                address=target.address,
                id=target.row.id,
                values=target.row.decoded,
                private=target.row.private,
            )
            for target in query.targets
            if target.row is not None
        }
        return Reading(seen=seen)

    def recall(self, query: Query) -> None:
        return None

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        return (Placement(document=f"record:{change.address}"),)

    def write(self, task: Task, io: Io) -> Written:
        ids: dict[str, str] = {}
        values: dict[str, Mapping[str, model.Tree]] = {}
        for part in task.parts:
            change = part.change
            if change.action is not Action.DELETE:
                fresh = change.action in (Action.CREATE, Action.REPLACE)
                ids[change.address] = str(uuid.uuid4()) if fresh else change.id
                values[change.address] = {"output": (change.after or {}).get("input"), "id": ids[change.address]}
        return Written(ids=ids, values=values, settling=False)


def _file(path: str) -> str:
    try:
        return files.read(Path(path).expanduser(), LONGEST_SECRET).decode().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise HaplanError(f"secret file:{path}: {reason}") from None


SECONDS = 60
"""Longest that a command for a secret may take."""
LONGEST_SECRET = files.MEGABYTE
"""Bytes of a secret: a certificate with its chain has some thousands."""


def _command(line: str) -> str:
    """What a command prints; the shell is the user's own, as the command is."""
    with subprocess.Popen(line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            printed, code = _printed(process, time.monotonic() + SECONDS)
        except subprocess.TimeoutExpired:
            raise HaplanError(f"secret command:…: the command gave nothing in {SECONDS} s") from None
        finally:
            process.kill()
    if code != 0:
        raise HaplanError(f"secret command:…: the command ended with {code}")
    try:
        return printed.decode().rstrip("\n")
    except UnicodeDecodeError:
        raise HaplanError("secret command:…: what the command printed is not UTF-8 text") from None


def _printed(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, int]:
    """What a command prints before it ends, and how it ends."""
    out, pipe = bytearray(), process.stdout
    assert pipe is not None  # it was asked for
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while ready.select(max(0.0, until - time.monotonic())):
            part = os.read(pipe.fileno(), 65536)
            out += part
            if not part:
                return bytes(out), process.wait(max(0.0, until - time.monotonic()))
            if len(out) > LONGEST_SECRET:
                raise HaplanError(
                    f"secret command:…: the command prints more than {LONGEST_SECRET // files.MEGABYTE} MB"
                )
    raise subprocess.TimeoutExpired(process.args, SECONDS)


# --- Pages ------------------------------------------------------------------------------------------------------------


def _page(id: str, severity: Severity, moments: tuple[Moment, ...], title: str, why: str) -> Rule:
    """What `haplan rules` says of a finding; the engine finds it without being asked."""
    return Rule(
        id=id,
        severity=severity,
        moments=moments,
        types=(),
        title=title,
        why=why,
        source="haplan itself",
        confidence="H",
        check=explained,
    )


PAGES = (
    _page("CHECK", "error", ("P",), "Devices take what the plan would write",
          "With --check-on-device each device is given the change to check, and throws it away again. What it says is "
          "said here in its own words."),
    _page("EXISTS", "error", ("P",), "What is to be created is not there already",
          "An object of that name is in the estate and not in state, or in state under another address: to create it "
          "would double it, to take it over unasked could change what somebody else relies on. Import it, say "
          "moved(…), or give this one another name."),
    _page("EXTRA", "error", ("V", "P"), "Vendor keys in extra={…} are known to that vendor's provider",
          "A key that is misspelt would be sent and ignored. A note says which keys nobody reads, because the resource "
          "belongs to another provider."),
    _page("MISSING", "error", ("P",), "What the stack refers to as existing is there",
          "A data source or an imported id that the estate does not have gives no value to go on with. Create it, or "
          "mend the name or the id."),
    _page("ORDER", "error", ("P",), "What is needed is known before what needs it is written",
          "A value that only the apply tells is known after the write of what gives it. Where both stand in one "
          "document, and its backend takes that whole, neither can come first: the apply would fail each time. Take "
          "the reference out, write the value itself, or put one of the two into another document. Of two that are "
          "replaced in one plan, one whose new object is created first needs that the other is created first too: its "
          "old object uses the old one of that until then. Give it another name, or let the first one's old object go "
          "first."),
    _page("POSTCONDITION", "error", ("P", "C"), "What a resource promises of itself holds",
          "lifecycle(postcondition=…) is judged when all of its values are known: at plan a warning, because the apply "
          "may mend it; after the write an error, and what lies behind the resource is not begun."),
    _page("PRECONDITION", "error", ("P",), "What a resource needs to be so is so",
          "lifecycle(precondition=…) is judged at plan where all of its values are known, else just before the write."),
    _page("PROTECTED", "error", ("P",), "What is protected is neither deleted nor replaced",
          "lifecycle(prevent_destroy=True) is kept in state, so it guards after the block is gone too. Where it is to "
          "go all the same, apply the stack once with prevent_destroy=False first."),
    _page("SECRET", "error", ("P",), "A secret that is to be written can be found",
          "secret(…) names where it comes from, such as an environment variable: here there is none. A secret that is "
          "not to be written is only noted as not compared."),
    _page("UNSTEADY", "warning", ("V",), "A stack wants the same each time it is loaded",
          "`haplan validate` loads it twice. What the clock, chance or the network put into it is another thing at the "
          "next plan: it never comes to an end of changes, and a plan does not say what the next one will."),
    _page("VALUE", "error", ("P",), "A value that comes by reference fits its attribute",
          "What another resource gives is judged when it is known: at plan where it can be, else before anything is "
          "written with it."),
)  # fmt: skip


# --- Hooks ------------------------------------------------------------------------------------------------------------


@hookimpl
def haplan_checks() -> Iterable[Rule]:
    return PAGES


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    return [StateOnly]


@hookimpl
def haplan_resources() -> Iterable[type]:
    return [Data]


@hookimpl
def haplan_secret_sources() -> Mapping[str, Callable[[str], str]]:
    return {"file": _file, "command": _command}
