"""What could not be read: the exit codes, and what each form says of it."""

import json
import sys
from pathlib import Path

import pytest

from haplan.cli.main import run

PLUGIN = '''
import attrs
from haplan.testing import Cloud, Mem
from haplan.testing.memory import MemPlugin


class Partly(MemPlugin):
    """Does not show what is named ``fog``."""

    def __init__(self):
        super().__init__(Cloud())

        def read(mem, query):
            found = Mem.read(mem, query)
            unread = {one.address: "403: not yours to see" for one in query.targets if one.name == "fog"}
            return attrs.evolve(found, seen={a: s for a, s in found.seen.items() if a not in unread}, unread=unread)

        self._provider = type("Mem", (self._provider,), {"read": read})


plugin = Partly()
'''
STACK = """
from haplan import provider
from haplan.testing import Thing
provider("mem")
fog = Thing("fog")
Thing("behind", depends_on=[fog])
Thing("clear")
"""


@pytest.fixture
def foggy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "installed"
    (installed / "haplan_fog-1.dist-info").mkdir(parents=True)
    (installed / "haplan_fog.py").write_text(PLUGIN)
    metadata = "Metadata-Version: 2.1\nName: haplan-fog\nVersion: 1\n"
    (installed / "haplan_fog-1.dist-info" / "METADATA").write_text(metadata)
    (installed / "haplan_fog-1.dist-info" / "entry_points.txt").write_text("[haplan]\nmem = haplan_fog:plugin\n")
    (tmp_path / "stack.py").write_text(STACK)
    monkeypatch.syspath_prepend(installed)
    monkeypatch.setenv("HAPLAN_PLUGINS_OFF", "mist,srx,ssr,postgres,design")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "haplan_fog", None)
    del sys.modules["haplan_fog"]


@pytest.mark.usefixtures("foggy")
def test_the_exit_code_says_that_not_all_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan"]) == 0
    assert "could not be read, and is left out: mem_thing.fog: 403: not yours to see" in capsys.readouterr().out
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--auto-approve"]) == 0
    said = capsys.readouterr().out
    assert "Done. 1 created, 2 left out" in said
    assert "mem_thing.behind: mem_thing.fog could not be read" in said
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--auto-approve", "--detailed-exitcode"]) == 2
    assert run(["drift"]) == 2
    assert "No drift. What could be read is as haplan left it." in capsys.readouterr().out


@pytest.mark.usefixtures("foggy")
def test_machines_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["complete"] is False
    assert plan["haplan"]["unread"] == {"mem_thing.fog": "403: not yours to see"}
    assert plan["haplan"]["left_out"] == {"mem_thing.behind": "mem_thing.fog"}
    for changed in (True, False):
        assert run(["apply", "--json", "--auto-approve"]) == 0
        summary = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert summary["kind"] == "summary"
        assert [one["address"] for one in summary["data"]["left_out"]] == ["mem_thing.fog", "mem_thing.behind"]
        assert ("done" in summary["data"]) is changed
    assert run(["drift", "--json"]) == 2
    drift = json.loads(capsys.readouterr().out)
    assert (drift["drift"], drift["complete"], list(drift["unread"])) == (False, False, ["mem_thing.fog"])
