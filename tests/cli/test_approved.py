"""What a plan file makes a machine do is part of what is approved: nothing of it stands outside the digest."""

import contextlib
import copy
import html
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haplan import __version__
from haplan.cli.main import run as run_command_line
from haplan.errors import HaplanError, PlanFileError
from haplan.host.lock import who
from haplan.model.canonical import canonical
from haplan.steps.approve import digest, sealed, unseal
from haplan.testing import Cloud, plugins

STACK = """
from haplan import *
from haplan.testing import Thing
provider("mem", host="cloud.example", verify=False, key=secret("env:CLOUD_KEY"))
a = Thing("a", size=1, psk=secret("env:PSK"), zone="z1")
Thing("b", size=1, tags={"of": a.id, "said": f"x-{a.id}"}, psk=secret("file:psk.txt"))
limits(max_deletes=9)
output("o", a.id)
"""
JSON_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = st.recursive(
    JSON_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


@attrs.define
class Place:
    """A stack with a saved plan of a change, its estate, and the command line."""

    folder: Path
    cloud: Cloud
    run: Callable[..., tuple[int, str, str]]
    plan: Path

    def rewrite(self, change: Callable[[Any], Any], *, digested: bool = False) -> None:
        """Change the file; `digested` is what somebody does who can make a digest."""
        document = json.loads(self.plan.read_bytes())
        change(document)
        if digested:
            document["digest"] = forged(document["body"])
        self.plan.write_text(json.dumps(document))


def forged(body: Any) -> str:
    import hashlib

    return "sha256:" + hashlib.sha256(canonical(body)).hexdigest()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "stack.py").write_text(STACK)
    (tmp_path / "psk.txt").write_text("filed")
    monkeypatch.chdir(tmp_path)
    for name in ("PSK", "CLOUD_KEY"):
        monkeypatch.setenv(name, f"{name}-value")
    cloud = Cloud()
    for module in ("haplan.host.session", "haplan.plugins"):
        monkeypatch.setattr(f"{module}.load_plugins", lambda environ=None: plugins(cloud))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command_line([*arguments])
        sys.stdout.flush()
        return (code, *capfd.readouterr())

    assert run("apply", "edge", "--auto-approve")[0] == 0
    (tmp_path / "edge" / "stack.py").write_text(STACK.replace("size=1", "size=2"))
    assert run("plan", "edge", "--out", "edge.plan")[0] == 0
    return Place(tmp_path, cloud, run, tmp_path / "edge.plan")


def leaves(tree: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, (*at, key))
    elif isinstance(tree, list) and tree:
        for index, value in enumerate(tree):
            yield from leaves(value, (*at, index))
    else:
        yield at


def put(tree: Any, at: tuple[Any, ...], value: Any) -> None:
    for step in at[:-1]:
        tree = tree[step]
    tree[at[-1]] = value


# --- Laws -------------------------------------------------------------------------------------------------------------


def test_every_leaf_of_the_body_that_is_changed_is_refused(place: Place) -> None:
    document = json.loads(place.plan.read_bytes())
    paths = list(leaves(document["body"]))
    assert len(paths) > 150
    for path in paths:
        changed = copy.deepcopy(document)
        put(changed["body"], path, "other")
        place.plan.write_text(json.dumps(changed))
        with pytest.raises(PlanFileError, match="was changed after it was written"):
            unseal(place.plan)


def test_every_leaf_of_the_body_that_is_left_out_or_of_another_kind_is_refused_though_the_digest_is_made_anew(
    place: Place,
) -> None:
    """What opens is exactly what this haplan writes of such a plan: nothing is guessed, and nothing read leniently."""
    document = json.loads(place.plan.read_bytes())
    for path in leaves(document["body"]):
        for change in (lambda tree, at: put(tree, at, {"x": 1}), lambda tree, at: put(tree, at, ["x"])):
            changed = copy.deepcopy(document)
            change(changed["body"], path)
            changed["digest"] = forged(changed["body"])
            place.plan.write_text(json.dumps(changed))
            with contextlib.suppress(PlanFileError):
                found = unseal(place.plan)  # a value of a resource may be anything
                assert digest(found.plan) == changed["digest"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.none() | JSON | st.dictionaries(st.sampled_from(["at", "calls", "by", "state", "lab", "file"]), JSON))
def test_whatever_stands_under_made_the_same_plan_opens(place: Place, made: Any) -> None:
    before = unseal(place.plan) if place.plan.exists() else None
    document = json.loads(place.plan.read_bytes())
    changed = place.folder / "changed.plan"
    changed.write_text(json.dumps({**document, "made": made}))
    found = unseal(changed)
    assert before is not None
    assert found.digest == before.digest
    assert attrs.evolve(found.plan, calls=()) == attrs.evolve(before.plan, calls=())
    assert 0 <= found.at <= 253402300799
    code, out, err = place.run("show", "changed.plan", "--json")
    assert (code, err) == (0, "")
    shown, usual = (json.loads(text)["haplan"]["made"] for text in (out, place.run("show", "edge.plan", "--json")[1]))
    assert {**shown, "when": ""} == {**usual, "when": ""}


@pytest.mark.parametrize("key", ["at", "calls", "by", "haplan", "file", "state", "lab", "memories", "author", "origin"])
@pytest.mark.parametrize("value", [None, "other", True, 7, -1.5, 1e300, [], [{}], {"a": 1}])
def test_a_changed_made_changes_nothing_that_happens(place: Place, key: str, value: Any) -> None:
    place.rewrite(lambda document: document["made"].update({key: value}))
    code, out, err = place.run("show", "edge.plan")
    assert (code, f"made by {who()}" in out, err) == (0, True, "")
    assert place.run("apply", "edge.plan")[0] == 0
    assert place.cloud.thing("a").values["size"] == 2
    assert json.loads(place.run("runs", "edge", "--json")[1])[-1]["who"] == who()


def test_made_holds_the_clock_and_the_counts_of_calls_and_nothing_else(place: Place) -> None:
    assert set(json.loads(place.plan.read_bytes())["made"]) == {"at", "calls"}


# --- Where it is carried out ------------------------------------------------------------------------------------------


def test_the_state_of_somebody_else_is_not_written_by_a_file_that_was_changed(place: Place) -> None:
    shutil.copytree(place.folder / "edge", place.folder / "other")
    other = place.folder / "other" / ".haplan" / "default" / "state.db"
    before = other.read_bytes()
    place.rewrite(lambda document: document["made"].update(state=f"sqlite:///{other}", by="root@trusted"))
    assert place.run("apply", "edge.plan")[0] == 0
    assert other.read_bytes() == before
    assert "root@trusted" not in place.run("show", "edge.plan")[1]
    place.rewrite(lambda document: document["body"]["origin"].update(state=f"sqlite:///{other}"))
    assert place.run("apply", "edge.plan")[0] == 1
    assert other.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "../../elsewhere"},
        {"environment": "lab"},
        {"environment": ""},
        {"environment": "a/b"},
    ],
)
def test_an_environment_that_cannot_be_is_refused(place: Place, change: dict[str, str]) -> None:
    place.rewrite(lambda document: document["body"].update(change), digested=True)
    code, _, err = place.run("apply", "edge.plan")
    assert (code, "this plan is for an environment that cannot be" in err) == (1, True)


def test_a_plan_for_simulators_says_so_twice_or_is_refused(place: Place) -> None:
    place.rewrite(lambda document: document["body"]["origin"].update(lab=True), digested=True)
    assert place.run("apply", "edge.plan")[0] == 1


def test_another_state_than_the_plan_s_own_is_refused(place: Place) -> None:
    code, _, err = place.run("apply", "edge.plan", "--state", "sqlite:///other.db")
    assert code == 1
    assert "edge.plan: this plan is for the state sqlite:///" in err
    assert "leave --state out" in err
    assert not (place.folder / "other.db").exists()


def test_a_file_of_a_newer_haplan_is_refused_by_its_number(place: Place) -> None:
    def newer(document: Any) -> None:
        document["body"]["origin"]["haplan"] = "9.1.0"
        document["body"]["fleet"] = {}

    place.rewrite(newer, digested=True)
    code, _, err = place.run("apply", "edge.plan")
    assert code == 1
    assert "made by haplan 9.1.0" in err


# --- Shown ------------------------------------------------------------------------------------------------------------


def test_every_form_of_show_says_who_made_it_where_it_is_carried_out_and_what_it_reaches(place: Place) -> None:
    state = f"sqlite:///{place.folder}/edge/.haplan/default/state.db"
    said = [
        f"made by {who()} on ",
        f"{place.folder}/edge/stack.py",
        f"state {state}",
        'mem settings: host: "cloud.example"',
        "mem sends to ",
        "cloud.example (whoever answers is believed (verify=False))",
        "secrets from env:CLOUD_KEY, env:PSK, file:psk.txt",
    ]
    for form in ("text", "markdown", "html"):
        code, out, _ = place.run("show", "edge.plan", "--format", form)
        assert code == 0
        flat = " ".join(html.unescape(out).split())
        for words in said:
            assert words in flat, (form, words)
    ours = json.loads(place.run("show", "edge.plan", "--json")[1])["haplan"]
    assert {**ours["made"], "when": ""} == {
        "when": "", "who": who(), "commit": "", "clean": False, "file": f"{place.folder}/edge/stack.py",
        "state": state, "lab": False, "haplan": __version__,
    }  # fmt: skip
    assert ours["sources"] == ["env:CLOUD_KEY", "env:PSK", "file:psk.txt"]
    usual = {"provider": "mem", "trust": "", "accept_new": False, "via": []}
    assert ours["destinations"] == [
        {**usual, "name": "", "host": "cloud.example", "verify": False},
        {**usual, "name": "z1", "host": "z1.example", "verify": True},
    ]


def test_a_plan_says_what_it_reaches_and_where_secrets_come_from_and_not_who_reads_it(place: Place) -> None:
    out = place.run("plan", "edge")[1]
    assert "mem sends to " in out
    assert "secrets from env:CLOUD_KEY" in out
    assert "made by" not in out


def test_a_password_of_the_state_is_in_no_plan(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan.host import provenance
    from haplan.host.session import open_session

    options = {"state": "postgresql://ana:hunter2@db.example/haplan?password=hunter2"}
    from haplan.host.options import Options

    with open_session("edge", Options(**options)) as opened:
        found = provenance.origin(opened, ())
    assert found.state == "postgresql://ana:***@db.example/haplan?password=***"


# --- The commit -------------------------------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> str:
    who_ = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environ = {**os.environ, **who_, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *words], cwd=folder, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_the_commit_of_the_stack_s_repository_clean_or_not(place: Place) -> None:
    def made() -> tuple[str, bool]:
        found = json.loads(place.run("plan", "edge", "--json")[1])["haplan"]["made"]
        return found["commit"], found["clean"]

    assert made() == ("", False)
    git(place.folder, "init", "-q")
    assert made() == ("", False)
    git(place.folder, "add", "edge/stack.py", "psk.txt")
    git(place.folder, "commit", "-qm", "one")
    commit = git(place.folder, "rev-parse", "HEAD")
    assert made() == (commit, True)  # plan files and state beside the stack are no part of it
    (place.folder / "edge" / "more.py").write_text("x = 1\n")
    (place.folder / "edge" / "stack.py").write_text(
        STACK.replace("from haplan import *", "from haplan import *\nfrom .more import x")
    )
    assert made() == (commit, False)
    git(place.folder, "commit", "-qam", "two")
    commit = git(place.folder, "rev-parse", "HEAD")
    assert made() == (commit, False)  # it reads a file that no commit has
    git(place.folder, "add", "edge/more.py")
    git(place.folder, "commit", "-qm", "three")
    commit = git(place.folder, "rev-parse", "HEAD")
    assert made() == (commit, True)
    place.run("plan", "edge", "--out", "edge.plan")
    out = place.run("show", "edge.plan")[1]
    assert f"commit {commit[:12]}, clean" in out.replace("\n    ", " ")


def test_a_repository_that_git_cannot_read_gives_no_commit(place: Place) -> None:
    (place.folder / ".git").write_text("nonsense")
    assert json.loads(place.run("plan", "edge", "--json")[1])["haplan"]["made"]["commit"] == ""


# --- A plan that is sealed again --------------------------------------------------------------------------------------


def test_a_plan_that_is_read_and_written_again_keeps_its_author(place: Place) -> None:
    found = unseal(place.plan)
    again = place.folder / "again.plan"
    again.write_bytes(sealed(found.plan, 5.0)[1])
    assert unseal(again).digest == found.digest
    assert unseal(again).plan.origin == found.plan.origin


def test_errors_of_plan_files_are_expected_errors() -> None:
    assert issubclass(PlanFileError, HaplanError)
