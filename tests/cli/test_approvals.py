"""Approve, reject, verify, and what a policy lets through: with OpenSSH's own keys and signatures."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haplan.host import lock

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen (openssh-client)")
KILLED = """
import os, signal
from haplan import builtin
from haplan.cli.main import run
write, done = builtin.StateOnly.write, []
def until(self, task, io):
    done.append(1)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, task, io)
builtin.StateOnly.write = until
run(["apply", "edge.plan"])
"""
PEOPLE = ("ana", "zoe", "bob", "eve")
POLICY = """
signers = "signers"
longest = "48h"
vetoes = ["board"]
[roles]
board = ["zoe", "bob"]
[authors]
"{author}" = "ana"
[[need]]
approvals = 2
roles = {{ board = 1 }}
"""


def keygen(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *arguments], input=given, capture_output=True, timeout=20)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key for each person."""
    folder = tmp_path_factory.mktemp("keys")
    for name in PEOPLE:
        assert not keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)).returncode
    return folder


def signers(keys: Path, *names: str) -> str:
    """A list that OpenSSH reads; a person may be given as ``name=key``."""
    lines = []
    for one in names:
        name, _, key = one.partition("=")
        kind, public, *_ = (keys / f"{key or name}.pub").read_text().split()
        lines.append(f'{name} namespaces="haplan-plan" {kind} {public}\n')
    return "".join(lines)


@pytest.fixture
def governed(folder: Path, keys: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack with a policy beside it and a plan file: ana made it, and two others have to say yes."""
    monkeypatch.delenv("HAPLAN_APPROVAL_POLICY", raising=False)
    (folder / "edge" / "signers").write_text(signers(keys, "ana", "zoe", "bob"))
    (folder / "edge" / "approval.toml").write_text(POLICY.format(author=lock.who()))
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    return folder


@pytest.fixture
def say(run: Any, keys: Path) -> Callable[..., Any]:
    def go(word: str, name: str, *more: str) -> Any:
        return run(word, "edge.plan", "--key", str(keys / name), *more)

    return go


def test_a_plan_that_enough_people_approved_is_applied_and_no_other(governed: Path, say: Any, run: Any) -> None:
    refused = run("apply", "edge.plan")
    assert refused.code == 4
    assert "error: approval.toml: every plan needs 2 to approve; nobody did\n" in refused.err
    assert say("approve", "zoe", "--ticket", "CHG-7").code == 0
    assert run("verify", "edge.plan").code == 4
    assert say("approve", "bob").code == 0
    assert run("verify", "edge.plan").code == 0
    assert run("apply", "edge.plan").code == 0


def test_who_made_it_does_not_count_and_is_told_so(governed: Path, say: Any, run: Any) -> None:
    for name in ("ana", "zoe"):
        say("approve", name)
    found = run("apply", "edge.plan")
    assert found.code == 4
    assert found.err.splitlines() == [
        "error: approval.toml: every plan needs 2 to approve; 1 did (zoe) (ana made the plan, and does not count)"
    ]


def test_an_author_whom_the_policy_does_not_name_is_asked_for(governed: Path, say: Any, run: Any) -> None:
    policy = governed / "edge" / "approval.toml"
    policy.write_text(policy.read_text().replace(lock.who(), "someone@else"))
    for name in ("zoe", "bob"):
        say("approve", name)
    found = run("apply", "edge.plan")
    assert found.code == 4
    assert f"[authors] does not say who of the signers {lock.who()} is: add a line for it" in found.err


def test_a_no_blocks_until_the_same_key_says_yes(governed: Path, say: Any, run: Any) -> None:
    say("approve", "zoe")
    assert say("reject", "bob", "--comment", "not on a Friday").code == 0
    found = run("apply", "edge.plan")
    assert (found.code, "approval.toml: bob said no: not on a Friday" in found.err) == (4, True)
    say("approve", "bob")
    assert run("apply", "edge.plan").code == 0


@pytest.mark.parametrize("command", [["apply", "edge", "--auto-approve"], ["destroy", "edge", "--auto-approve"]])
def test_without_a_file_nobody_can_have_approved_it(governed: Path, say: Any, run: Any, command: list[str]) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    if command[0] == "destroy":
        assert run("apply", "edge.plan").code == 0
    found = run(*command)
    assert found.code == 4
    assert found.err.endswith("error: write the plan to a file with --out, have that approved, and apply the file\n")


def test_a_rollback_needs_a_yes_too_and_the_state_is_not_mended_without_one(governed: Path, say: Any, run: Any) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    assert run("apply", "edge.plan").code == 0
    for words in (["rm", "edge", "record.a"], ["taint", "edge", "record.a"], ["mv", "edge", "record.a", "record.z"]):
        found = run("state", *words)
        assert (found.code, "is no plan that somebody could approve" in found.err) == (4, True)
    (first,) = json.loads(run("runs", "edge", "--json").out)
    stack = governed / "edge" / "stack.py"
    stack.write_text(stack.read_text().replace("default=3", "default=4"))
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    for name in ("zoe", "bob"):
        say("approve", name)
    assert run("apply", "edge.plan").code == 0
    assert run("rollback", "edge", "--to", first["id"], "--auto-approve").code == 4


def test_a_run_that_died_is_gone_on_with_by_the_yes_that_it_had_until_its_record_goes(
    governed: Path, say: Any, run: Any
) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    ended = subprocess.run([sys.executable, "-c", KILLED], env=dict(os.environ), capture_output=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    (only,) = json.loads(run("runs", "edge", "--json").out)
    shutil.rmtree(governed / "edge.plan.approvals")
    assert run("apply", "edge", "--resume", only["id"]).code == 0
    kept = governed / "edge" / ".haplan" / "default" / "approvals"
    assert len(list(kept.iterdir())) == 1
    assert run("runs", "prune", "edge", "--keep", "1").code == 0
    assert len(list(kept.iterdir())) == 1
    (kept / "0a.approvals").mkdir()
    assert run("runs", "prune", "edge", "--keep", "1").code == 0
    assert len(list(kept.iterdir())) == 1


def test_without_the_yes_that_it_had_a_run_is_not_gone_on_with(governed: Path, say: Any, run: Any) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    subprocess.run([sys.executable, "-c", KILLED], env=dict(os.environ), capture_output=True, timeout=60)
    (only,) = json.loads(run("runs", "edge", "--json").out)
    shutil.rmtree(governed / "edge" / ".haplan" / "default" / "approvals")
    assert run("apply", "edge", "--resume", only["id"]).code == 4


def test_an_edited_plan_has_nobody_s_yes(governed: Path, say: Any, run: Any) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    (governed / "edge" / "stack.py").write_text(
        (governed / "edge" / "stack.py").read_text().replace("default=3", "default=4")
    )
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    found = run("apply", "edge.plan")
    assert found.code == 4
    assert run("verify", "edge.plan").out.count("does not count: it is a decision on another plan") == 2


def test_a_text_that_was_changed_after_it_was_signed_does_not_count(governed: Path, say: Any, run: Any) -> None:
    say("approve", "zoe")
    (file,) = (governed / "edge.plan.approvals").glob("*.txt")
    before = file.read_text()
    for changed, why in (
        (before.replace("Ticket: -", "Ticket: CHG-1"), "it is not signed, or the signature is of another text"),
        (before.replace("0 to delete", "9 to delete"), "it is a decision on another plan"),
        (before + "\n", "it does not end with a decision as haplan writes it"),
        (
            before.replace("Decision: approved", "Decision: perhaps"),
            "it does not end with a decision as haplan writes it",
        ),
    ):
        file.write_text(changed)
        assert f"does not count: {why}" in run("verify", "edge.plan").out


def test_a_key_that_is_not_listed_or_revoked_or_for_something_else_does_not_count(
    governed: Path, keys: Path, say: Any, run: Any
) -> None:
    for name in ("eve", "zoe"):
        say("approve", name)
    assert "does not count: key SHA256:" in run("verify", "edge.plan").out
    (governed / "edge" / "signers").write_text(signers(keys, "zoe").replace("haplan-plan", "git"))
    assert run("verify", "edge.plan").out.count("is of nobody in signers now") == 2
    (governed / "edge" / "signers").write_text(signers(keys, "zoe"))
    policy = governed / "edge" / "approval.toml"
    policy.write_text('revoked = "revoked"\n' + policy.read_text())
    shutil.copy(keys / "zoe.pub", governed / "edge" / "revoked")
    assert run("verify", "edge.plan").out.count("is of nobody in signers now, or is revoked") == 2


def test_one_key_under_two_names_counts_once(governed: Path, keys: Path, say: Any, run: Any) -> None:
    (governed / "edge" / "signers").write_text(signers(keys, "ana", "zoe", "bob=zoe"))
    say("approve", "zoe")
    shutil.copytree(governed / "edge.plan.approvals", governed / "kept")
    say("approve", "zoe", "--ticket", "CHG-8")
    shutil.copytree(governed / "kept", governed / "edge.plan.approvals", dirs_exist_ok=True)
    assert "needs 2 to approve; 1 did (zoe)" in run("apply", "edge.plan").err


def test_a_yes_counts_until_it_expires_and_no_longer_than_the_policy_lets_it(
    governed: Path, say: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    for name, more in (("zoe", ["--expires", "2h"]), ("bob", ["--expires", "30d"])):
        assert say("approve", name, *more).code == 0
    assert "does not count: it does not expire within 48 h" in run("verify", "edge.plan").out
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7201)
    assert "does not count: it has expired" in run("verify", "edge.plan").out
    assert say("approve", "bob", "--expires", "soon").code == 1


def test_a_policy_by_environment_variable_adds_and_takes_nothing_away(
    governed: Path, keys: Path, say: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak, strict = governed / "weak.toml", governed / "strict.toml"
    weak.write_text('signers = "edge/signers"\n[[need]]\nimpact = "outage"\n')
    strict.write_text(
        POLICY.format(author=lock.who())
        .replace("approvals = 2", "approvals = 3")
        .replace('"signers"', '"edge/signers"')
    )
    monkeypatch.setenv("HAPLAN_APPROVAL_POLICY", str(weak))
    assert run("apply", "edge.plan").code == 4
    for name in ("zoe", "bob"):
        say("approve", name)
    monkeypatch.setenv("HAPLAN_APPROVAL_POLICY", str(strict))
    assert "strict.toml: every plan needs 3 to approve; 2 did (" in run("apply", "edge.plan").err
    monkeypatch.setenv("HAPLAN_APPROVAL_POLICY", str(governed / "gone.toml"))
    found = run("apply", "edge.plan")
    assert (found.code, "gone.toml: cannot read this policy: No such file" in found.err) == (1, True)


def test_openssh_and_no_haplan_is_enough_to_approve(governed: Path, keys: Path, run: Any) -> None:
    folder = governed / "edge.plan.approvals"
    folder.mkdir()
    for name in ("zoe", "bob"):
        text = run("show", "edge.plan", "--format", "approval").out.replace("Comment: -", f"Comment: {name}")
        (folder / f"{name}.txt").write_text(text)
        assert not keygen(
            "-Y", "sign", "-n", "haplan-plan", "-f", str(keys / name), str(folder / f"{name}.txt")
        ).returncode
    policy = governed / "edge" / "approval.toml"
    policy.write_text(policy.read_text().replace('longest = "48h"\n', ""))
    assert run("apply", "edge.plan").code == 0


def test_openssh_takes_what_haplan_signed(governed: Path, keys: Path, say: Any) -> None:
    say("approve", "zoe")
    (text,) = (governed / "edge.plan.approvals").glob("*.txt")
    good = keygen("-Y", "verify", "-n", "haplan-plan", "-I", "zoe", "-f", str(governed / "edge" / "signers"),
                  "-s", f"{text}.sig", given=text.read_bytes())  # fmt: skip
    assert not good.returncode


def test_verify_for_machines_says_the_same(governed: Path, say: Any, run: Any) -> None:
    say("approve", "zoe", "--ticket", "CHG-7")
    found = json.loads(run("verify", "edge.plan", "--json").out)
    (policy,) = found["policies"]
    assert (found["enough"], [(one["who"], one["ticket"], one["counts"]) for one in policy["decisions"]]) == (
        False, [("zoe", "CHG-7", True)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("approvals = 2", "approval = 2", "need[0].approval: no policy has that; did you mean 'approvals'?"),
        ("approvals = 2", "approvals = 0", "need[0].approvals: a number from 1 to 100 is due, got 0"),
        ("board = 1", "bord = 1", "need[0].roles: no role 'bord' under [roles]; did you mean 'board'?"),
        ("board = 1", "board = 3", "need[0].roles.board: 3 are due, and only 2 have it"),
        ("approvals = 2", 'impact = "outages"', "need[0].impact: one of none, config-push, traffic, reboot, outage"),
        ('longest = "48h"', 'longest = "2 days"', "'2 days' is no span such as 90m, 24h or 3d"),
        ('signers = "signers"', "", "signers: the file with who may sign is due, as text"),
        ('signers = "signers"', 'signers = "none"', "cannot read this policy: No such file or directory"),
        ("[[need]]", "[need]", "need: at least one [[need]] is due, else nothing is asked for"),
        ('vetoes = ["board"]', 'vetoes = "board"', "vetoes: a list of texts is due"),
        ("[roles]", "[roles", "approval.toml: "),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_lets_nothing_through(governed: Path, run: Any, old: str, new: str, says: str) -> None:
    policy = governed / "edge" / "approval.toml"
    policy.write_text(policy.read_text().replace(old, new, 1))
    found = run("apply", "edge.plan")
    assert found.code == 1
    assert len(found.err.splitlines()) == 1
    assert says in found.err


def test_what_cannot_be_signed_leaves_nothing_behind(governed: Path, run: Any, say: Any) -> None:
    assert "not signed" in run("approve", "edge.plan", "--key", str(governed / "no-key")).err
    assert "--ticket: one line" in say("approve", "zoe", "--ticket", "a\nDecision: approved").err
    assert list((governed / "edge.plan.approvals").iterdir()) == []


def test_a_no_is_not_hidden_behind_many_files(governed: Path, say: Any, run: Any) -> None:
    for name in ("zoe", "bob"):
        say("approve", name)
    for at in range(99):
        (governed / "edge.plan.approvals" / f"0{at}.txt").write_text("nothing")
    found = run("apply", "edge.plan")
    assert (found.code, "101 decisions, and at most 100 are read" in found.err) == (4, True)


def test_what_is_no_text_beside_a_plan_is_left_alone(governed: Path, say: Any, run: Any) -> None:
    folder = governed / "edge.plan.approvals"
    say("approve", "zoe")
    (folder / "odd.txt").write_bytes(b"\xff\x00")
    (folder / "odd.txt.sig").write_bytes(b"\xff")
    assert say("approve", "bob").code == 0
    assert (folder / "odd.txt").exists()
    assert run("apply", "edge.plan").code == 0


def test_simulators_need_nobody_s_yes(governed: Path, run: Any) -> None:
    assert run("apply", "edge", "--lab", "--auto-approve").code == 0


def test_without_a_policy_nothing_changes(folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAPLAN_APPROVAL_POLICY", raising=False)
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    assert run("verify", "edge.plan").out == "no approval policy holds for this plan: nobody has to approve it\n"
    assert run("apply", "edge.plan").code == 0
    assert os.listdir(folder) != []
