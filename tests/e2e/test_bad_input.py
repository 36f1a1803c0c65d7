"""Bad input and bad surroundings: one clear line on stderr, the right exit code, nothing lost, never a traceback."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from haplan.host.lock import locked
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan_mist.lab import Lab
from tests.e2e.world import World

Example = Callable[[str], World]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def world(example: Example) -> World:
    return example("one_pair")


@pytest.fixture
def haplan(world: World) -> Run:
    """Runs the command in the folder of the stacks."""

    def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "haplan", *arguments]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIST_")}
        return subprocess.run(
            command, cwd=world.folder.parent, env={**kept, **environ}, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def cloud(world: World) -> Iterator[dict[str, str]]:
    """The organisation as if it were a real one: reached by settings in the environment."""
    lab = Lab(world.folder / ".haplan" / "cloud")
    served = lab.start()
    yield {"MIST_HOST": served.url, "MIST_ORG_ID": lab.org_id, "MIST_APITOKEN": lab.token}
    lab.stop()


def refused(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """One line on stderr that holds these words, nothing on stdout, and the exit code."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    progress = re.compile(r"\d\d:\d\d:\d\d |loading ")  # it begins with the time, and has none before a simulator runs
    lines = [line for line in done.stderr.splitlines() if line and not progress.match(line)]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


def test_a_stack_that_is_not_there(haplan: Run) -> None:
    refused(haplan("plan", "nowhere"), 1, "nowhere", "no such stack")


def test_a_syntax_error_in_the_stack(haplan: Run, world: World) -> None:
    world.edit("stack.py", "guest = Network(", "guest = = Network(")
    refused(haplan("plan", "one_pair"), 1, "stack.py:", "syntax")


def test_an_address_twice(haplan: Run, world: World) -> None:
    world.edit("stack.py", "anything =", 'Network("guest", subnet="10.0.0.0/24", vlan_id=1)\nanything =')
    refused(haplan("plan", "one_pair"), 1, "network.guest", "declared twice", "stack.py:")


def test_a_variable_the_stack_does_not_have(haplan: Run) -> None:
    refused(haplan("plan", "one_pair", "--lab", "--var", "sit=x"), 1, "--var sit", "no such variable")


def test_a_token_that_is_not_accepted(haplan: Run, cloud: dict[str, str]) -> None:
    refused(haplan("plan", "one_pair", **{**cloud, "MIST_APITOKEN": "wrong"}), 1, "MIST_APITOKEN")


def test_settings_that_are_missing(haplan: Run) -> None:
    refused(haplan("plan", "one_pair"), 1, "MIST_HOST, MIST_APITOKEN and MIST_ORG_ID", "--lab")


@pytest.mark.parametrize(
    ("said", "words"),
    [('"mits"', "no provider 'mits' is installed; did you mean 'mist'?"), ('"mist", hsot="x"', "did you mean 'host'")],
)
def test_a_provider_that_is_misspelt(haplan: Run, world: World, said: str, words: str) -> None:
    world.edit("stack.py", 'provider("mist")', f"provider({said})")
    refused(haplan("validate", "one_pair"), 1, "stack.py:5", words)


def test_a_secret_that_is_not_there(haplan: Run, world: World) -> None:
    world.edit(
        "stack.py", 'wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", pppoe("me", secret("file:no-such")))'
    )
    world.edit(
        "stack.py",
        "from haplan import provider",
        "from haplan import provider, secret\nfrom haplan.design import pppoe",
    )
    done = haplan("apply", "one_pair", "--lab", "--auto-approve")
    assert done.returncode == 4, done.stderr
    assert "secret file:no-such: No such file" in " ".join(done.stdout.split())
    assert not (world.folder / ".haplan" / "lab" / "state.db").exists()


def test_a_host_that_does_not_answer(haplan: Run, cloud: dict[str, str]) -> None:
    refused(haplan("plan", "one_pair", **{**cloud, "MIST_HOST": "http://127.0.0.1:9"}), 1, "127.0.0.1:9")


def test_another_organisation_than_the_states(haplan: Run, world: World) -> None:
    assert haplan("apply", "one_pair", "--lab", "--auto-approve").returncode == 0
    for name in ("mist.db", "mist.db-wal", "mist.db-shm"):
        (world.folder / ".haplan" / "lab" / name).unlink(missing_ok=True)
    refused(haplan("plan", "one_pair", "--lab"), 5, "mist organisation", "belongs to")


@pytest.mark.parametrize("damage", ["text", "newer"])
def test_a_state_that_cannot_be_read(haplan: Run, world: World, damage: str) -> None:
    assert haplan("apply", "one_pair", "--lab", "--auto-approve").returncode == 0
    path = world.folder / ".haplan" / "lab" / "state.db"
    if damage == "text":
        path.write_text("this is no database, and it is long enough to be told from an empty file\n" * 40)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if "meta" in tables:
                db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
        db.close()
    refused(haplan("plan", "one_pair", "--lab"), 1, "state.db")


def test_a_plan_file_that_is_none_or_was_changed(haplan: Run, world: World) -> None:
    file = world.folder.parent / "a.plan"
    assert haplan("plan", "one_pair", "--lab", "--out", "a.plan").returncode == 0
    text = file.read_text()
    file.write_text(text.replace("172.22.99.0/24", "172.22.98.0/24"))
    refused(haplan("apply", "a.plan"), 1, "changed after it was written")
    file.write_text("garbage")
    refused(haplan("apply", "a.plan"), 1, "not a plan file")


def test_a_stale_plan_and_the_same_plan_twice(haplan: Run, world: World) -> None:
    assert haplan("plan", "one_pair", "--lab", "--out", "first.plan").returncode == 0
    assert haplan("plan", "one_pair", "--lab", "--out", "second.plan").returncode == 0
    assert haplan("apply", "first.plan").returncode == 0
    refused(haplan("apply", "first.plan"), 5, "plan again")
    world.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24")
    assert haplan("plan", "one_pair", "--lab", "--out", "second.plan").returncode == 0
    world.edit("stack.py", "172.22.99.2/24", "172.22.99.3/24")
    assert haplan("apply", "one_pair", "--lab", "--auto-approve").returncode == 0
    refused(haplan("apply", "second.plan"), 5, "wan_edge_template.ha-branch", "plan again")


def test_two_applies_at_once(haplan: Run, world: World) -> None:
    with open_session(world.folder, Options(lab=True), environ={}) as session, locked(session, "apply"):
        refused(haplan("apply", "one_pair", "--lab", "--auto-approve"), 6, "lock")


def test_a_question_without_a_terminal(haplan: Run) -> None:
    refused(haplan("apply", "one_pair", "--lab"), 1, "--auto-approve")
