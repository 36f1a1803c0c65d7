"""The ``state`` commands: what they change, what they say, and how each stands in history as a run of its own."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.state import Holder
from haplan_sqlite import writing


@pytest.fixture
def edge(run) -> Any:
    """A stack that was applied."""
    assert run("apply", "edge", "--auto-approve").code == 0
    return run


def addresses(run) -> list[str]:
    return [row["address"] for row in json.loads(run("state", "list", "edge", "--json").out)]


def commands(run) -> list[str]:
    return [one["command"] for one in json.loads(run("runs", "edge", "--json").out)]


def refused(ended: Any, code: int, text: str) -> None:
    assert (ended.code, ended.out) == (code, "")
    assert ended.err == f"error: {text}\n"


def test_an_empty_state_says_so_beside_what_machines_read(run) -> None:
    listed, outputs = run("state", "list", "edge"), run("output", "edge")
    assert (listed.out, listed.err) == ("", "nothing is in state\n")
    assert (outputs.out, outputs.err) == ("", "no outputs are recorded\n")
    assert run("output", "edge", "--json").err == ""


# --- mv ---------------------------------------------------------------------------------------------------------------


def test_mv_gives_a_resource_another_address_and_what_needs_it_follows(edge, folder: Path) -> None:
    moved = edge("state", "mv", "edge", "record.a", "record.c")
    assert moved.code == 0
    assert moved.out.startswith("record.a is now record.c\nserial 2 · run 20")
    assert addresses(edge) == ["module.inner.record.b", "record.c"]
    shown = json.loads(edge("state", "show", "edge", "module.inner.record.b", "--json").out)
    assert shown["depends_on"] == ["record.c"]
    stack = folder / "edge" / "stack.py"
    stack.write_text(stack.read_text().replace('Data("a"', 'Data("c", name="a"'))
    assert "No changes." in edge("plan", "edge").out


def test_mv_moves_a_whole_module_and_json_says_where_to(edge) -> None:
    moved = json.loads(edge("state", "mv", "edge", "module.inner", "module.outer", "--json").out)
    assert moved["addresses"] == {"module.inner.record.b": "module.outer.record.b"}
    assert edge("state", "mv", "edge", "module.outer.*", "module.a.module.b.*").code == 0
    assert addresses(edge) == ["module.a.module.b.record.b", "record.a"]
    assert edge("state", "mv", "edge", "*", "module.all").code == 0
    assert addresses(edge) == ["module.all.module.a.module.b.record.b", "module.all.record.a"]


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("record.aa", "record.c", "record.aa is not in state; did you mean 'record.a'?"),
        ("record.a", "record.a", "record.a: that is where it is"),
        ("record.a", "site.a", "site.a: a move keeps the type, and record.a is of type record"),
        ("record.a", "a", "'a' is not an address; write type.label, as in site.branch"),
        ("record.a", "record.x.a", "record.x.a: a move keeps the owner (none); move the owner, this comes along"),
        ("module.no", "module.x", "module.no: there is nothing in it; write module.NAME or module.NAME.*"),
        ("module.inner", "record.x", "record.x: names no module; write module.NAME or module.NAME.*"),
        (
            "record.a",
            "module.inner.record.b",
            "module.inner.record.b: is in state already; move or forget that one first",
        ),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_leaves_no_run(edge, source: str, target: str, says: str) -> None:
    refused(edge("state", "mv", "edge", source, target), 1, says)
    assert commands(edge) == ["apply"]


# --- rm, taint, untaint -----------------------------------------------------------------------------------------------


def test_rm_forgets_and_says_who_still_needs_it(edge) -> None:
    gone = edge("state", "rm", "edge", "record.*")
    assert gone.code == 0
    assert gone.out.startswith("record.a is forgotten; the estate was not touched\nserial 2 · run 20")
    assert gone.err == (
        "warning: record.a was kept in the state alone: it is gone\n"
        "warning: module.inner.record.b still refers to record.a\n"
    )
    assert addresses(edge) == ["module.inner.record.b"]
    refused(edge("state", "rm", "edge", "record.a"), 1, "record.a is not in state; there are: module.inner.record.b")
    assert edge("state", "rm", "edge").code == 1


def test_a_tainted_resource_is_replaced_by_the_next_plan_until_the_mark_is_taken_away(edge) -> None:
    assert edge("state", "taint", "edge", "record.a").out.startswith("record.a is tainted: the next plan replaces it\n")
    assert json.loads(edge("state", "show", "edge", "record.a", "--json").out)["tainted"] is True
    assert "1 to replace" in edge("plan", "edge").out
    refused(edge("state", "taint", "edge", "record.a"), 1, "record.a: is tainted already; the next plan replaces it")
    assert edge("state", "untaint", "edge", "record.a").code == 0
    assert "No changes." in edge("plan", "edge").out
    refused(edge("state", "untaint", "edge", "record.a"), 1, "record.a: is not tainted; its status is ok")
    assert commands(edge) == ["apply", "state taint", "state untaint"]


def test_nothing_is_made_where_there_is_no_state(run, folder: Path) -> None:
    for words in (["rm", "edge", "record.a"], ["taint", "edge", "record.a"], ["mv", "edge", "record.a", "record.b"]):
        assert run("state", *words).code == 1
    assert run("state", "prune", "edge", "--keep", "1").out == "the history of 0 runs is forgotten\n"
    assert not (folder / "edge" / ".haplan").exists()


def test_while_another_run_writes_every_command_that_writes_is_refused(edge, folder: Path) -> None:
    document = edge("state", "pull", "edge").out.replace('"serial": 1,\n  "settings"', '"serial": 2,\n  "settings"')
    (folder / "next.json").write_text(document)
    with open_session(folder / "edge", Options()) as session:
        now = session.backend.now()
        session.backend.lock(
            Holder(id="l1", who="ana@noc", where="elsewhere", pid=1, what="apply", since=now, until=now + 60)
        )
        for words in (
            ["mv", "edge", "record.a", "record.b"],
            ["rm", "edge", "record.a"],
            ["taint", "edge", "record.a"],
            ["push", "edge", "next.json"],
            ["prune", "edge", "--keep", "1"],
        ):
            ended = edge("state", *words)
            assert (ended.code, len(ended.err.splitlines())) == (6, 1), words
            assert "ana@noc" in ended.err
        for words in (["list"], ["history"], ["pull"]):
            assert edge("state", *words, "edge").code == 0


def test_a_lock_that_somebody_left_is_taken_away_by_its_id(edge, folder: Path) -> None:
    with open_session(folder / "edge", Options()) as session:
        now = session.backend.now()
        holder = Holder(id="l1", who="ana@noc", where="elsewhere", pid=1, what="apply", since=now, until=now + 60)
        session.backend.lock(holder)
    refused = edge("state", "rm", "edge", "record.a")
    assert (refused.code, "`haplan unlock l1`" in refused.err) == (6, True)
    assert edge("unlock", "edge", "other").code == 1
    assert edge("unlock", "edge", "l1").out == "unlocked; it was held by ana@noc on elsewhere for apply\n"
    with open_session(folder / "edge", Options()) as session:
        session.backend.lock(attrs.evolve(holder, id="l2"))
    told = json.loads(edge("unlock", "edge", "l2", "--json").out)
    assert {name: told[name] for name in ("id", "who", "where", "what")} == {
        "id": "l2", "who": "ana@noc", "where": "elsewhere", "what": "apply",
    }  # fmt: skip
    assert edge("state", "rm", "edge", "record.a").code == 0
    history = edge("state", "history", "edge").out
    assert " · unlock · " in history
    assert history.index(" · unlock · ") < history.index(" · state rm · ")


# --- history, prune ---------------------------------------------------------------------------------------------------


def test_history_tells_what_each_run_changed(edge) -> None:
    edge("apply", "edge", "--auto-approve", "--var", "size=4")
    edge("state", "mv", "edge", "record.a", "record.c")
    shown = edge("state", "history", "edge").out.split("\n\n")
    assert [part.splitlines()[0].split(" · ")[1:3] for part in shown] == [
        ["serial 1", "apply"],
        ["serial 2", "apply"],
        ["serial 3", "state mv"],
    ]
    assert [part.splitlines()[1:] for part in shown] == [
        ["  + module.inner.record.b", "  + record.a", "  + output a_id", "  + output size"],
        ["  ~ record.a", "  ~ output size"],
        ["  ~ module.inner.record.b", "  → record.c  from record.a"],
    ]
    latest = json.loads(edge("state", "history", "edge", "--json", "--last", "1").out)
    assert [(one["address"], one["action"]) for one in latest[0]["changes"]] == [
        ("module.inner.record.b", "changed"),
        ("record.c", "moved"),
    ]


def test_history_of_a_resource_follows_it_through_its_names(edge) -> None:
    edge("apply", "edge", "--auto-approve", "--var", "size=4")
    edge("state", "mv", "edge", "record.a", "record.c")
    shown = edge("state", "history", "edge", "record.c").out
    assert [row.strip() for row in shown.splitlines() if "record." in row] == [
        "+ record.a",
        "~ record.a",
        "→ record.c  from record.a",
    ]
    assert "      ~ input.size   3 → 4\n" in shown
    refused(
        edge("state", "history", "edge", "record.z"),
        1,
        "record.z: no run that is kept changed it; `haplan state list` shows what there is",
    )


def test_prune_keeps_the_latest_runs(edge) -> None:
    for size in (4, 5, 6):
        edge("apply", "edge", "--auto-approve", "--var", f"size={size}")
    history, records = edge("state", "prune", "edge", "--keep", "2").out.splitlines()
    assert history == "the history of 2 runs is forgotten"
    assert records.startswith("2 records of runs removed, ")
    shown = edge("state", "history", "edge").out.split("\n\n")
    assert [part.splitlines()[1].strip() for part in shown] == ["what it changed was pruned", "~ record.a"]
    assert len(addresses(edge)) == 2


# --- pull, push -------------------------------------------------------------------------------------------------------


def test_pull_push_pull_gives_the_same_bytes_here_and_elsewhere(edge, folder: Path) -> None:
    document = edge("state", "pull", "edge").out
    (folder / "state.json").write_text(document)
    same = edge("state", "push", "edge", "state.json")
    assert (same.code, same.out) == (0, "the state says that already; nothing was pushed\n")
    assert edge("state", "push", "edge", "state.json", "--env", "copy", "--new-env").out == "pushed: serial 1\n"
    assert edge("state", "pull", "edge", "--env", "copy").out == document
    assert edge("state", "pull", "edge").out == document


def test_a_mended_document_is_pushed_as_a_run_of_its_own(edge, folder: Path) -> None:
    document = json.loads(edge("state", "pull", "edge").out)
    (folder / "state.json").write_text(json.dumps({**document, "outputs": []}))
    ended = edge("state", "push", "edge", "state.json")
    assert (ended.code, "set its serial to 2" in ended.err) == (1, True)
    (folder / "state.json").write_text(json.dumps({**document, "outputs": [], "serial": 2}))
    assert json.loads(edge("state", "push", "edge", "state.json", "--json").out) == {"pushed": True, "serial": 2}
    assert commands(edge) == ["apply", "state push"]
    assert "  - output size\n" in edge("state", "history", "edge").out
    (folder / "state.json").write_text(json.dumps({**document, "lineage": "other"}))
    wrong = edge("state", "push", "edge", "state.json")
    assert (wrong.code, "they are two states; nothing was pushed" in wrong.err) == (1, True)
    assert edge("state", "push", "edge", "missing.json").err == (
        "error: missing.json: cannot read this document: No such file or directory\n"
    )


# --- recover ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def full_disk(edge, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apply on a disk that is full, by SQLite's own limit; gives the recovery file."""
    stack = folder / "edge" / "stack.py"
    stack.write_text(stack.read_text() + 'Data("big", input="x" * 300_000)\n')
    opened = writing.open_writer

    def small(path: Path) -> sqlite3.Connection:
        db = opened(path)
        ((pages,),) = db.execute("PRAGMA page_count")
        db.execute(f"PRAGMA max_page_count = {pages + 8}")
        return db

    with monkeypatch.context() as patch:
        patch.setattr(writing, "open_writer", small)
        ended = edge("apply", "edge", "--auto-approve")
    assert ended.code == 9
    (file,) = (folder / "edge" / ".haplan" / "default").glob("*.recovery-*.json")
    assert f"haplan state recover {file}" in ended.err
    return file


@pytest.mark.parametrize("named", [False, True])
def test_what_a_full_disk_kept_out_of_the_state_is_merged_back(edge, full_disk: Path, named: bool) -> None:
    assert "record.big" not in addresses(edge)
    merged = edge("state", "recover", str(full_disk)) if named else edge("state", "recover", "edge")
    assert (merged.code, merged.out) == (0, f"merged: {full_disk}\n")
    assert "record.big" in addresses(edge)
    assert commands(edge)[-1] == "state recover"
    assert not full_disk.exists()
    assert "No changes." in edge("plan", "edge", "--target", "record.*").out
    assert edge("state", "recover", "edge").err.startswith("error: no recovery file of sqlite:///")


def test_a_recovery_file_of_another_state_is_refused(edge, full_disk: Path) -> None:
    edge("apply", "edge", "--auto-approve", "--env", "other", "--new-env")
    wrong = edge("state", "recover", "edge", str(full_disk), "--env", "other")
    assert (wrong.code, len(wrong.err.splitlines())) == (1, 1)
    assert "belongs to the state of lineage" in wrong.err


def test_a_recovery_file_that_others_overtook_is_refused(edge, full_disk: Path) -> None:
    assert edge("apply", "edge", "--auto-approve").code == 0
    assert edge("state", "recover", "edge").code == 5
    assert full_disk.exists()


@pytest.mark.parametrize(
    ("spoil", "whose"),
    [
        (lambda file: file.chmod(0o666), "others may write it too"),
        pytest.param(
            lambda file: os.chown(file, 1, 1),
            "it belongs to daemon",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away"),
        ),
    ],
)
def test_a_recovery_file_that_is_not_this_user_s_alone_is_merged_only_when_it_is_named(
    edge, full_disk: Path, spoil: Callable[[Path], None], whose: str
) -> None:
    spoil(full_disk)
    by_itself = edge("state", "recover", "edge")
    assert by_itself.code == 1
    assert f"{full_disk} is left alone: {whose}; to merge it all the same, name it" in by_itself.err
    assert full_disk.exists()
    assert "record.big" not in addresses(edge)
    named = edge("state", "recover", str(full_disk))
    assert (named.code, named.out) == (0, f"merged: {full_disk}\n")
    assert f"{full_disk}: {whose}; it is merged because it was named" in named.err
    assert "record.big" in addresses(edge)
