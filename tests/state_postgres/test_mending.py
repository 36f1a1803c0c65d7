"""The ``state`` commands, rollback and resume with the state in PostgreSQL."""

import json
from pathlib import Path

import pytest

from haplan.cli.main import run

STACK = """
from haplan import Data, variable
a = Data("a", input=variable("size", default=1))
Data("b", input=f"see {a.id}")
"""


def test_a_state_is_mended_and_taken_back(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stack.py").write_text(STACK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAPLAN_STATE", url)

    def told(*words: str) -> str:
        capfd.readouterr()
        assert run(words) == 0, capfd.readouterr().err
        return capfd.readouterr().out

    told("apply", "--auto-approve")
    first = json.loads(told("runs", "--json"))[0]["id"]
    document = told("state", "pull")
    told("apply", "--auto-approve", "--var", "size=2")
    told("state", "mv", "record.a", "record.c")
    told("state", "taint", "record.c")
    verbs = [{c["action"] for c in one["changes"]} for one in json.loads(told("state", "history", "--json"))]
    assert verbs == [{"recorded"}, {"changed"}, {"moved", "changed"}, {"changed"}]
    told("rollback", "--to", first, "--auto-approve")
    assert [row["address"] for row in json.loads(told("state", "list", "--json"))] == ["record.a", "record.b"]
    assert "No changes." in told("plan")
    pulled = told("state", "pull")
    Path("state.json").write_text(pulled)
    assert told("state", "push", "state.json") == "the state says that already; nothing was pushed\n"
    Path("state.json").write_text(document)
    assert run(["state", "push", "state.json"]) == 1
    told("state", "rm", "*")
    forgotten = "the history of 5 runs is forgotten\n3 records of runs removed, "
    assert told("state", "prune", "--keep", "1").startswith(forgotten)
    assert json.loads(told("state", "list", "--json")) == []
