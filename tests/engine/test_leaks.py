"""Nothing secret is shown or kept: a run full of secrets, and then every file and every line of output is searched.

The provider here is careless: it logs what it sends, tells people, reads secrets back in plain, echoes them in errors.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from haplan.cli.main import run as run_command_line
from haplan.contracts import Context, Io, Provider, Query, Reading, Settlement, Task, Written
from haplan.errors import ProviderError
from haplan.hookspecs import hookimpl
from haplan.model.finding import Finding
from haplan.model.value import Secret, transform
from haplan.testing import Cloud, Mem, plugins

SECRETS = {
    "env": "Tr0ub4dor-env",
    "file": "Tr0ub4dor-file",
    "command": "Tr0ub4dor-command",
    "variable": "Tr0ub4dor-variable",
    "setting": 'Tr0ub4dor-"quoted"\\set',
}
STACK = """
from haplan import Data, equals, lifecycle, module, output, provider, secret, variable
from haplan.testing import Rule, Thing

typed = variable("typed", sensitive=True)
many = variable("many", type=list, sensitive=True)
provider("careless", token=secret("env:SETTING"), url=f"https://u:{typed}@h")
a = Thing("a", size=1, psk=secret("env:PSK"), tags={"deep": [{"pw": secret("file:PSK_FILE")}], "typed": typed},
          members=[secret("env:PSK"), "plain", f"<{typed}>"])
b = Thing("b", psk=typed, members=[secret("command:cat COMMAND_FILE"), "plain"], tags={"of": a.id, "many": many,
          "url": f"https://u:{typed}@{a.id}/"}, extra={"careless": {"hidden": f"{secret('env:PSK')}!"}},
          lifecycle=lifecycle(precondition=equals(a.id, "id-1", message=f"{a.id} is not what {typed} opens"),
                              ignore_changes=["members"]))
d = Data("d", input={"all": [typed, f"{b.id}:{typed}"]})
e = Data("e", input=[d.output, d.id])
with module("inner"):
    c = Thing("c", size=1, psk=secret("file:PSK_FILE", version="1"), tags={"of": b.id}, group="g")
output("typed", typed, sensitive=True)
output("mixed", {"psk": secret("env:PSK"), "id": a.id})
output("said", {"Tr0ub4dor-key": ["Tr0ub4dor-literal", a.id, f"Tr0ub4dor-{a.id}"]}, sensitive=True)
output("flows", [e.output, f"<{typed}>"])
with module("inner"):
    output("deep", f"{c.id}/{typed}")
"""


@attrs.frozen
class Settings:
    """The careless provider's."""

    token: Any = None
    url: Any = None


class Careless(Mem):
    """Says whatever it knows; `moment` is where it fails, with everything it knows in the error's text."""

    name: ClassVar[str] = "careless"
    config: ClassVar[type] = Settings
    poll_seconds: float = 0.0
    moment: ClassVar[str] = ""
    in_the_middle: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    context: Context
    knows: str

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Careless":
        made = cls()
        made.context, made.knows = context, context.secret(settings.token.source)
        context.log(f"GET {context.secret(settings.url.source)}/self Authorization: Token {made.knows}")
        return made

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Any]) -> Sequence[str]:
        return ()

    def identity(self) -> Mapping[str, str]:
        self.may_fail("identity")
        return super().identity()

    def read(self, query: Query) -> Reading:
        self.may_fail("read")
        found = super().read(query)
        seen = {
            name: attrs.evolve(one, values={**self.told(one.values), "psk": self.knows})
            for name, one in found.seen.items()
        }
        return attrs.evolve(found, seen=seen, notes=(f"looked with {self.knows}",))

    def write(self, task: Task, io: Io) -> Written:
        for part in task.parts:
            self.knows = ", ".join([self.knows, *self.revealed(part.change.after)])
        self.context.log(f"PUT {task.transaction.document} {self.knows}")
        self.context.tell(f"sent {self.knows}")
        io.progress(f"sending {self.knows}")
        self.may_fail("write")
        self.in_the_middle()
        written = super().write(task, io)
        values = {part.change.address: {"psk": self.knows} for part in task.parts if "psk" in (part.change.after or {})}
        told = {address: {**written.values[address], **values.get(address, {})} for address in written.values}
        return attrs.evolve(written, values=told, settling=True, receipt={**written.receipt, "sent": self.knows})

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        self.may_fail("settled")
        state: Any = {"settlement": "failed", "queued": "queued"}.get(self.moment, "done")
        return {task.transaction.id: Settlement(state=state, text=f"it says {self.knows}") for task in tasks}

    def verify(self, task: Task) -> Sequence[Finding]:
        self.may_fail("verify")
        severity: Any = "error" if self.moment == "red" else "warning"
        return [
            Finding(rule="C1", severity=severity, address=task.parts[0].change.address, message=f"it has {self.knows}")
        ]

    def told(self, values: Any) -> Any:
        """Values as this backend tells them: secrets too, and lists in another order."""

        def leaf(one: Any) -> Any:
            return self.context.secret(one.source) if isinstance(one, Secret) else one

        plain = transform(values, leaf)
        return {**plain, "members": [*plain["members"][::-1], self.knows]} if "members" in plain else plain

    def revealed(self, values: Any) -> list[str]:
        found: list[str] = []

        def leaf(one: Any) -> Any:
            found.append(self.context.secret(one.source) if isinstance(one, Secret) else "")

        transform(values or {}, leaf)
        return found

    def may_fail(self, moment: str) -> None:
        if moment == self.moment:
            raise ProviderError(f"400 from the backend: {self.knows!r} / {self.knows}")
        if f"{moment}!" == self.moment:
            raise KeyError(self.knows)


class Plugin:
    """The careless provider, installed."""

    haplan_api = 2

    def __init__(self, cloud: Cloud) -> None:
        self.kind = type("Careless", (Careless,), {"cloud": cloud})

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        return [self.kind]


Run = Callable[..., int]


@attrs.define
class Place:
    """A stack in a folder, the command line, and all that ever came out of it."""

    folder: Path
    run: Run
    kind: Any
    said: list[str] = attrs.field(factory=list)

    def leaks(self) -> list[str]:
        """Where a secret stands: names of files, and lines of output."""
        given = {"PSK_FILE", "COMMAND_FILE"}
        files = [file for file in self.folder.rglob("*") if file.is_file() and file.name not in given]
        found = [f"{file}: {one}" for file in files for one in held(file.read_bytes()) if file.name != "stack.py"]
        return found + [line for text in self.said for line in text.splitlines() if held(line.encode())]


def held(text: bytes) -> list[str]:
    """The secrets that stand in a text, plain or as JSON writes them."""
    return [name for name in ("Tr0ub4dor", '"quoted') if name.encode() in text]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    (tmp_path / "stack.py").write_text(STACK)
    (tmp_path / "PSK_FILE").write_text(SECRETS["file"] + "\n")
    (tmp_path / "COMMAND_FILE").write_text(SECRETS["command"] + "\n")
    cloud = Cloud()
    plugin = Plugin(cloud)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PSK": SECRETS["env"],
        "SETTING": SECRETS["setting"],
        "HAPLAN_VAR_typed": SECRETS["variable"],
        "HAPLAN_VAR_many": json.dumps([SECRETS["variable"], "Tr0ub4dor-more"]),
    }.items():
        monkeypatch.setenv(name, value)
    for module in ("haplan.host.session", "haplan.plugins"):
        monkeypatch.setattr(f"{module}.load_plugins", lambda environ=None: plugins(cloud, plugin))
    made = Place(tmp_path, lambda: 0, plugin.kind)

    def run(*arguments: str) -> int:
        code = run_command_line([*arguments])
        sys.stdout.flush()
        made.said += capfd.readouterr()
        return code

    made.run = run
    return made


def test_a_run_that_ends_well_shows_and_keeps_no_secret(place: Place) -> None:
    assert place.run("plan", "--out", "edge.plan", "--log", "log.txt") == 0
    assert place.run("plan", "--json") == 0
    for form in ("text", "json", "markdown", "html"):
        assert place.run("show", "edge.plan", "--format", form) == 0
    assert place.run("apply", "edge.plan", "--json", "--log", "log.txt", "--allow-command") == 0
    for command in ("show", "show --json", "state pull", "output", "output --json", "state history", "runs", "plan"):
        assert place.run(*command.split()) == 0
    for one in ("mem_thing.a", "mem_thing.b"):
        assert place.run("state", "show", one) == 0
    assert place.run("state", "show", "mem_thing.a", "--json") == 0
    for command in (
        "validate --json",
        "graph",
        "drift --json",
        "plan --full --json",
        "state list --json",
        "runs --json",
    ):
        assert place.run(*command.split()) in (0, 2)
    assert place.run("output", "said") == 1
    (place.folder / "stack.py").write_text(STACK.replace("size=1", "size=2").replace("env:PSK", "file:PSK_FILE"))
    assert place.run("plan", "--out", "second.plan", "--full") == 0
    assert place.run("drift") in (0, 2)
    assert place.run("apply", "second.plan", "--log", "log.txt", "--allow-command") == 0
    assert place.run("destroy", "--json", "--auto-approve", "--log", "log.txt") == 0
    assert place.run("show") == 0
    assert sum("recorded" in text for text in place.said) >= 2
    assert "PUT thing:a (sensitive), (sensitive)" in (place.folder / "log.txt").read_text()
    assert len(list(place.folder.rglob("events.jsonl"))) == 3
    assert place.leaks() == []


def test_in_the_middle_of_a_run_no_file_has_a_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    logs: list[Path] = []

    def look() -> None:
        found.extend(place.leaks())
        logs.extend(file for file in place.folder.rglob("*-wal") if file.stat().st_size)

    monkeypatch.setattr(place.kind, "in_the_middle", staticmethod(look))
    assert place.run("apply", "--auto-approve", "--log", "log.txt") == 0
    assert logs
    assert found == []


def test_a_rollback_and_a_resumed_run_show_and_keep_no_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.run("apply", "--auto-approve", "--json") == 0
    (place.folder / "stack.py").write_text(STACK.replace("size=1", "size=2").replace("<{typed}>", "-{typed}-"))
    monkeypatch.setattr(place.kind, "moment", "write")
    assert place.run("apply", "--auto-approve") == 1
    monkeypatch.setattr(place.kind, "moment", "")
    assert place.run("runs", "--json") == 0
    first, second = (one["id"] for one in json.loads(place.said[-2]))
    assert place.run("apply", "--resume", second, "--json") == 0
    assert place.run("rollback", "--to", first, "--auto-approve", "--allow-command") == 0
    assert place.leaks() == []


def test_an_object_that_is_taken_into_state_brings_no_secret_along(place: Place) -> None:
    assert place.run("apply", "--auto-approve", "--log", "log.txt") == 0
    assert place.run("state", "rm", "mem_thing.a", "mem_thing.b") == 0
    assert place.run("import", "mem_thing.a", place.kind.cloud.thing("a").id, "--auto-approve") == 0
    (place.folder / "stack.py").write_text(f'{STACK}\nfrom haplan import imported\nimported("mem_thing.b", "id-2")\n')
    assert place.run("plan", "--json") == 0
    assert place.run("apply", "--auto-approve") == 0
    assert place.run("state", "pull") == 0
    assert place.leaks() == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('equals(a.id, "id-1"', 'equals(a.id, "never"', "is not what (sensitive) opens"),
        (
            'secret("command:cat COMMAND_FILE")',
            'secret("command:cat COMMAND_FILE >&2; cat COMMAND_FILE; exit 3")',
            "secret",
        ),
        ('variable("many", type=list', 'variable("many", type=int', "expected int, got a sensitive value"),
        ("psk=typed", 'psk="Tr0ub4dor-literal"', "got text; a secret never stands in a stack"),
        ("psk=typed", 'psk={"x": "Tr0ub4dor-literal"}', "got plain data; a secret never stands in a stack"),
        ("psk=typed", 'zone=typed, name=f"{typed}"', "a remote name cannot be secret"),
        ("psk=typed", "size=typed", "expected integer, got a sensitive value"),
        ("psk=typed", "psk=secret(f'env:{typed}')", "text with a reference in it"),
    ],
)
def test_an_error_of_the_stack_shows_no_secret(place: Place, old: str, new: str, words: str) -> None:
    assert old in STACK
    (place.folder / "stack.py").write_text(STACK.replace(old, new))
    for command in ("validate --json", "plan", "plan --json", "apply --auto-approve", "apply --auto-approve --json"):
        place.run(*command.split())
    assert words in " ".join("".join(place.said).split())
    assert place.leaks() == []


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("moment", ["write", "write!", "settled", "settled!", "settlement", "queued", "verify", "red"])
def test_a_failing_run_shows_and_keeps_no_secret(
    place: Place, moment: str, traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if traced:
        monkeypatch.setenv("HAPLAN_TRACEBACK", "1")
    monkeypatch.setattr(place.kind, "moment", moment)
    options = ["--json"] if traced else []
    place.run("apply", "--auto-approve", "--log", "log.txt", *options)
    place.run("state", "history")
    place.run("state", "pull")
    assert "(sensitive)" in "".join(place.said)
    assert list(place.folder.rglob("events.jsonl"))
    assert place.leaks() == []


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("moment", ["identity", "identity!", "read", "read!"])
def test_a_plan_that_fails_shows_no_secret(
    place: Place, moment: str, traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if traced:
        monkeypatch.setenv("HAPLAN_TRACEBACK", "1")
    assert place.run("plan", "--out", "edge.plan") == 0
    monkeypatch.setattr(place.kind, "moment", moment)
    assert place.run("plan", "--log", "log.txt") == 1
    assert place.run("plan", "--json") == 1
    place.run("apply", "edge.plan", "--json")
    assert "(sensitive)" in "".join(place.said)
    assert place.leaks() == []
