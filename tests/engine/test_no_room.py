"""What is written beside the estate and the state has no room: the run goes on, and says so."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.errors import HaplanError
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.lab.estate import Estate
from tests.mixed import mixed

FULL = Path("/dev/full")
SITE = 'from haplan import provider\nfrom haplan.design import Site\nprovider("mist")\nSite("a")\nSite("b")\n'
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


def test_a_log_without_room_breaks_no_write(tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(SITE)
    told: list[str] = []
    options = Options(lab=True, log=FULL)
    with open_session(tmp_path, options, observers=[lambda one: told.append(one.text)], environ={}) as session:
        result = engine.apply(session, engine.plan(session))
        assert result.exit_code == 0
        assert engine.plan(session).empty()
    assert [text for text in told if "/dev/full" in text] == ["--log /dev/full: breaks off: No space left on device"]


def test_a_plan_file_without_room_leaves_the_approved_one_of_that_name(tmp_path: Path, monkeypatch) -> None:
    import os

    (tmp_path / "stack.py").write_text(SITE)
    with open_session(tmp_path, Options(lab=True), environ={}) as session:
        plan = engine.plan(session)
        engine.write_plan(session, plan, tmp_path / "a.plan")
        before = (tmp_path / "a.plan").read_bytes()

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(HaplanError, match=r"a\.plan: cannot write the plan: No space left on device"):
            engine.write_plan(session, plan, tmp_path / "a.plan")
    assert (tmp_path / "a.plan").read_bytes() == before
    assert [file.name for file in tmp_path.glob("*.plan")] == ["a.plan"]
    assert not list(tmp_path.glob(".haplan-*"))


def test_a_result_without_room_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(SITE)
    told: list[str] = []

    def heard(event: object) -> None:
        if getattr(event, "kind", "") == "run" and getattr(event, "data", {}).get("state") == "started":
            run = event.data["run"]  # type: ignore[attr-defined]
            (tmp_path / ".haplan" / "lab" / "runs" / run / "result.json").mkdir()
        told.append(getattr(event, "text", ""))

    with open_session(tmp_path, Options(lab=True), observers=[heard], environ={}) as session:
        assert engine.apply(session, engine.plan(session)).exit_code == 0
        assert engine.plan(session).empty()
    assert [text for text in told if "what came of the run is not kept: Is a directory" in text]


MANY = 'from haplan import provider\nfrom haplan.design import Site\nprovider("mist")\n' + "\n".join(
    f'Site("s{number}", address="{"a long way " * 200}")' for number in mixed(20)
)


def test_a_lab_without_room_fails_its_writes_and_goes_on_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estate of the simulators is a file too: what it cannot keep it refuses, as a cloud that is broken."""
    (tmp_path / "stack.py").write_text(MANY)
    connection = Estate._connection

    def full(self: Estate[Any]) -> sqlite3.Connection:
        db = connection(self)
        (pages,) = db.execute("pragma page_count").fetchone()
        db.execute(f"pragma max_page_count = {pages}")
        return db

    with open_session(tmp_path, Options(lab=True), environ={}) as session:
        plan = engine.plan(session)
        with monkeypatch.context() as patch:
            patch.setattr(Estate, "_connection", full)
            result = engine.apply(session, plan)
        assert result.exit_code in (3, 8)
        assert result.failed or result.in_doubt
    with open_session(tmp_path, Options(lab=True), environ={}) as session:
        assert engine.apply(session, engine.plan(session)).exit_code == 0
        assert engine.plan(session).empty()
