"""The file of --log: what each backend was asked, and the trace of whatever a plugin raises, without secrets."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.contracts import Io, Query, Reading, Task, Written
from haplan.errors import PluginError, ProviderError
from haplan.hookspecs import hookimpl
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.event import Event
from haplan.model.finding import Rule
from haplan.testing import Mem, Project
from tests.a_rule import a_rule

STACKS = Path(__file__).parent.parent.parent / "stacks"
FIRST = {
    "one_pair": "GET /api/v1/self 200",
    "hub_spoke_srx_netconf": "NETCONF ",
    "hub_spoke_ssr_conductor": "GET /api/v1/",
}
"""Example → how some line of its log begins."""


@pytest.mark.parametrize("stack", FIRST)
def test_every_provider_says_there_what_it_asks(stack: str, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    shutil.copytree(STACKS, tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
    with open_session(tmp_path / "stacks" / stack, Options(lab=True, log=log)) as session:
        engine.plan(session)
    lines = log.read_text().splitlines()
    assert lines
    assert any(line.startswith(FIRST[stack]) for line in lines)


def test_what_a_provider_breaks_with_leaves_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, log = Project(tmp_path / "shop", 'Thing("a")'), tmp_path / "log.txt"

    def broken_in_its_depth(self: Mem, task: Task, io: Io) -> Written:
        return {}["nothing"]  # type: ignore[return-value]

    monkeypatch.setattr(Mem, "write", broken_in_its_depth)
    assert made.apply(log=log).exit_code == 1
    text = log.read_text()
    assert "provider 'mem' write thing:a: provider 'mem': write of thing:a broke: KeyError: 'nothing'" in text
    assert "Traceback (most recent call last):" in text
    assert "in broken_in_its_depth" in text


def test_what_a_provider_refuses_leaves_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, log = Project(tmp_path / "shop", 'Thing("a")'), tmp_path / "log.txt"

    def refuse(self: Mem, query: Query) -> Reading:
        raise ProviderError("mem is closed today")

    monkeypatch.setattr(Mem, "read", refuse)
    with pytest.raises(ProviderError):
        made.plan(log=log)
    assert log.read_text() == "provider 'mem' read mem_thing.a: mem is closed today\n"


class Breaking:
    """A rule and an observer that break."""

    haplan_api = 2

    def __init__(self, what: str) -> None:
        self.what = what

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        def check(view: object) -> list[Any]:
            raise ZeroDivisionError("in a rule")

        rule = a_rule("X001", "V", check, types=("mem_thing",))
        return [rule] if self.what == "rule" else []

    @hookimpl
    def haplan_event(self, event: Event) -> None:
        if self.what == "observer":
            raise ZeroDivisionError("in an observer")


def test_rules_and_observers_that_break_leave_theirs(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with pytest.raises(PluginError):
        Project(tmp_path / "a", 'Thing("a")', more=[Breaking("rule")]).plan(log=log)
    assert "ZeroDivisionError: in a rule" in log.read_text().splitlines()
    Project(tmp_path / "b", 'Thing("a")', more=[Breaking("observer")]).plan(log=log)
    assert "ZeroDivisionError: in an observer" in log.read_text().splitlines()


def test_no_secret_is_in_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'Thing("a", psk=secret("env:KEY"))'
    made, log = Project(tmp_path / "shop", text, KEY="hunter2secret"), tmp_path / "log.txt"

    def broken(self: Mem, task: Task, io: Io) -> Written:
        raise ValueError("the key is hunter2secret")

    monkeypatch.setattr(Mem, "write", broken)
    made.apply(log=log)
    assert "the key is" in log.read_text()
    assert "hunter2secret" not in log.read_text()
