"""``haplan apply FILE``: carries out that plan and nothing else, and refuses in one line what has moved since."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from haplan import __version__
from haplan.cli.main import run as run_command_line
from haplan.errors import ProviderError
from haplan.hookspecs import hookimpl
from haplan.model.finding import Rule
from haplan.testing import Cloud, plugins
from tests.a_rule import a_rule

STACK = """
from haplan import *
from haplan.testing import Thing
provider("mem")
a = Thing("a", size=1)
b = Thing("b", size=1, tags={"of": a.id})
c = Thing("c", size=1)
output("hidden", variable("key", sensitive=True, default="k0"))
"""
OF_B = STACK.replace('"b", size=1', '"b", size=2')


class Guard:
    """A plugin with a rule that an apply asks."""

    haplan_api = 2
    version = "1.4.0"

    @hookimpl
    def haplan_checks(self) -> list[Rule]:
        return [a_rule("G1", "A", lambda view: [], types=("mem_thing",))]


@attrs.define
class Place:
    """A stack with state and an estate, and the command line."""

    folder: Path
    cloud: Cloud
    guards: list[Guard]
    run: Callable[..., "tuple[int, str, str]"] = lambda: (0, "", "")

    def write(self, text: str) -> None:
        (self.folder / "edge" / "stack.py").write_text(text)

    def planned(self, text: str = OF_B, *options: str, code: int = 0) -> None:
        """Apply the stack as it was, and save the plan of a change of `b`."""
        assert self.run("apply", "edge", "--auto-approve")[0] == 0
        self.write(text)
        assert self.run("plan", "edge", "--out", "edge.plan", *options)[0] == code

    def refused(self, code: int, words: str, *options: str) -> None:
        """Applying the file ends with this code and one line, and writes nothing."""
        before = list(self.cloud.writes)
        ended = self.run("apply", "edge.plan", *options)
        assert (ended[0], self.cloud.writes) == (code, before), ended
        assert ended[2].count("error: ") == 1
        (line,) = [line for line in ended[2].splitlines() if line.startswith("error: ")]
        assert words in line


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    (tmp_path / "edge").mkdir()
    monkeypatch.chdir(tmp_path)
    made = Place(tmp_path, Cloud(), [])
    made.write(STACK)

    def installed(environ: Any = None) -> Any:
        found = plugins(made.cloud, *made.guards)
        for number, guard in enumerate(made.guards):
            found._points[f"more{number}"] = SimpleNamespace(dist=guard)  # type: ignore[assignment]  # a version
        return found

    monkeypatch.setattr("haplan.host.session.load_plugins", installed)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command_line([*arguments])
        sys.stdout.flush()
        return (code, *capfd.readouterr())

    made.run = run
    return made


def test_what_was_planned_is_carried_out_whatever_the_stack_says_by_then(place: Place) -> None:
    place.planned()
    place.write("raise RuntimeError('the stack was run')")
    assert place.run("apply", "edge.plan")[0] == 0
    assert place.cloud.thing("b").values["size"] == 2


def test_a_state_of_another_lineage(place: Place) -> None:
    place.planned()
    shutil.rmtree(place.folder / "edge" / ".haplan")
    place.cloud.objects.clear()
    place.write(STACK)
    assert place.run("apply", "edge", "--auto-approve")[0] == 0
    place.refused(5, "this plan was made on another state (another lineage); plan again")


def test_a_state_that_was_there_only_afterwards(place: Place) -> None:
    assert place.run("plan", "edge", "--out", "edge.plan")[0] == 0
    assert place.run("apply", "edge", "--auto-approve", "--target", "mem_thing.a")[0] == 0
    place.refused(5, "this plan was made before this state existed; plan again")


@pytest.mark.parametrize(
    ("moved", "row"),
    [
        (STACK.replace('"b", size=1', '"b", size=3'), "mem_thing.b"),
        (STACK.replace('"a", size=1', '"a", size=3'), "mem_thing.a"),
    ],
)
def test_a_row_that_it_changes_or_whose_value_flows_into_it_moved(place: Place, moved: str, row: str) -> None:
    place.planned()
    place.write(moved)
    assert place.run("apply", "edge", "--auto-approve")[0] == 0
    place.refused(5, f"{row}: its state moved since the plan")


def test_a_row_whose_value_flows_into_an_output_moved(place: Place) -> None:
    place.planned(STACK.replace("output(", 'output("c", c.token)\noutput('))
    place.write(STACK.replace('"c", size=1', '"c", size=9'))
    assert place.run("apply", "edge", "--auto-approve")[0] == 0
    place.refused(5, "mem_thing.c: its state moved since the plan")


def test_a_change_elsewhere_does_not_make_it_stale(place: Place) -> None:
    place.planned()
    place.write(STACK.replace('"c", size=1', '"c", size=9') + 'Thing("d")\n')
    assert place.run("apply", "edge", "--auto-approve")[0] == 0
    assert place.run("apply", "edge.plan")[0] == 0
    assert [place.cloud.thing(name).values["size"] for name in "abc"] == [1, 2, 9]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"size":2', '"size":7', "was changed after it was written (digest does not match); plan again"),
        ('"digest":"sha256:', '"digest":"sha256:0', "was changed after it was written"),
        (
            *("haplan-plan/1", "haplan-plan/9"),
            f"written as haplan-plan/9 by haplan {__version__}, haplan {__version__} reads haplan-plan/1; plan again",
        ),
        ('"lineage"', '"linear"', "was changed after it was written"),
        ('"body":', '"body":0,"body":', "was changed after it was written ('body' stands in it twice); plan again"),
        ('"size":2', '"size":7,"size":2', "was changed after it was written ('size' stands in it twice); plan again"),
        ("{", "", "not a plan file; `haplan plan --out FILE` writes one"),
    ],
)
def test_a_file_that_was_tampered_with(place: Place, old: str, new: str, words: str) -> None:
    place.planned()
    file = place.folder / "edge.plan"
    file.write_text(file.read_text().replace(old, new, 1))
    place.refused(1, words)


def test_the_same_digest_twice(place: Place) -> None:
    place.planned()
    assert place.run("apply", "edge.plan")[0] == 0
    place.refused(5, ", and all of it is done; plan again for what came later")
    place.refused(5, "this plan was applied already by run ")


def test_the_same_digest_twice_after_a_failure_but_with_resume(place: Place) -> None:
    place.planned(OF_B.replace('"c", size=1', '"c", size=2'))
    place.cloud.errors[4] = ProviderError("409: not now")
    assert place.run("apply", "edge.plan", "--parallelism", "1")[0] == 3
    place.refused(5, ", which failed; plan again: the new plan has what is still missing")
    run = json.loads(place.run("runs", "edge", "--json")[1])[-1]["id"]
    assert place.run("apply", "edge", "--resume", run)[0] == 0
    assert [place.cloud.thing(name).values["size"] for name in "abc"] == [1, 2, 2]


def test_another_estate(place: Place) -> None:
    place.planned()
    place.cloud.name = "other"
    place.refused(5, "belongs to cloud 'test' (test), these credentials reach 'other' (other)")


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        ("1.9.9", 0, ""),
        ("2.0.0", 5, "plugin 'more0' is 2.0.0 here, this plan was made with 1.4.0; plan again"),
        ("", 1, "this plan needs plugin 'more0', which is not installed"),
    ],
)
def test_a_plugin_that_is_not_here_or_of_another_major_version(
    place: Place, version: str, code: int, words: str
) -> None:
    place.guards.append(Guard())
    place.planned()
    if version:
        place.guards[0].version = version
    else:
        place.guards.clear()
    if code:
        place.refused(code, words)
    else:
        assert place.run("apply", "edge.plan")[0] == 0


def test_a_provider_that_is_not_here(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.planned()
    monkeypatch.undo()
    monkeypatch.chdir(place.folder)
    place.refused(1, "this plan needs plugin 'mem', which is not installed")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda cloud: cloud.edit("b", size=5, who="ana"),
            "mem_thing.b: size changed by ana since the plan; plan again",
        ),
        (lambda cloud: cloud.remove("b"), "mem_thing.b: is gone, it was there when the plan was made; plan again"),
        (
            lambda cloud: cloud.add("d"),
            "mem_thing.d: exists now (id id-4), it did not when the plan was made; plan again",
        ),
    ],
)
def test_a_live_object_that_changed_since(place: Place, change: Callable[[Cloud], Any], words: str) -> None:
    place.planned(OF_B if "mem_thing.d" not in words else STACK + 'Thing("d")\n')
    change(place.cloud)
    before = list(place.cloud.writes)
    code, out, _ = place.run("apply", "edge.plan")
    assert (code, place.cloud.writes) == (5, before)
    assert words in " ".join(out.split())


def test_a_live_object_that_changed_elsewhere_or_in_what_is_not_owned(place: Place) -> None:
    place.planned()
    place.cloud.edit("c", size=5)
    place.cloud.edit("b", note="not declared")
    assert place.run("apply", "edge.plan")[0] == 0


def test_a_sensitive_variable_is_asked_for_again_and_must_match(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.planned(OF_B.replace(', default="k0"', ""), "--var", "key=k1")
    place.refused(1, "variable 'key': has no value; give --var key=…, HAPLAN_VAR_key, or a line in env/default.toml")
    monkeypatch.setenv("HAPLAN_VAR_key", "k2")
    place.refused(5, "variable key: the value is not the one that this plan was made with; give that, or plan again")
    monkeypatch.setenv("HAPLAN_VAR_key", "k1")
    assert place.run("apply", "edge.plan")[0] == 0


def test_a_sensitive_variable_of_a_first_plan_is_asked_for_too(
    run: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no key yet to compare it by, but what nobody gave is not carried out."""
    text = 'from haplan import *\nkey = variable("key", sensitive=True)\nData("a", input=key)\n'
    (folder / "edge" / "stack.py").write_text(text)
    assert run("plan", "edge", "--var", "key=k1", "--out", "edge.plan").code == 0
    refused = run("apply", "edge.plan")
    assert (refused.code, refused.err.splitlines()[-1]) == (
        1,
        "error: variable 'key': has no value; give --var key=…, HAPLAN_VAR_key, or a line in env/default.toml",
    )
    monkeypatch.setenv("HAPLAN_VAR_key", "k1")
    assert run("apply", "edge.plan").code == 0
    assert run("plan", "edge", "--detailed-exitcode").code == 0


def test_what_the_plan_itself_forbids(place: Place) -> None:
    place.planned(STACK.replace('c = Thing("c", size=1)', "limits(max_deletes=0)"), code=4)
    place.refused(4, "limits(max_deletes=0): this plan has 1")


@pytest.mark.parametrize(
    "values", [("bool", "true", "True", "false"), ("int", "7", " 7", "8"), ("dict", '{"a": 1}', '{"a":1}', "{}")]
)
def test_a_sensitive_variable_that_is_no_text_matches_however_it_is_written(
    place: Place, values: tuple[str, str, str, str]
) -> None:
    kind, one, same, other = values
    text = OF_B + f'output("more", variable("more", type={kind}, sensitive=True))\n'
    place.planned(text, "--var", f"more={one}")
    place.refused(5, "variable more: the value is not the one", "--var", f"more={other}")
    assert place.run("apply", "edge.plan", "--var", f"more={same}")[0] == 0


def test_a_variable_that_the_plan_holds_is_not_taken_again(place: Place) -> None:
    place.planned(OF_B + 'output("size", variable("size", default=1))\n')
    place.refused(1, "--var size: this plan has decided that; leave it out, or plan again", "--var", "size=2")


def test_a_file_of_variables_gives_a_plan_file_the_sensitive_ones_and_changes_nothing_else(place: Place) -> None:
    text = OF_B + 'output("size", variable("size", type=int))\n'
    given = {
        "other.toml": "size = 2\nkey = 'k'",
        "none.toml": "size = 1",
        "same.toml": "size = '1'\nkey = 'k'\nmore = 3",
    }
    for name, lines in given.items():
        (place.folder / name).write_text(lines)
    place.planned(text, "--var-file", "same.toml")
    decided = "this plan has decided that; leave it out, or plan again"
    place.refused(1, f"--var-file other.toml: size: {decided}", "--var-file", "other.toml")
    place.refused(1, f"--var-file none.toml: {decided}", "--var-file", "none.toml", "--var", "key=k")
    assert place.run("apply", "edge.plan", "--var-file", "same.toml")[0] == 0


def test_a_person_at_a_terminal_is_asked_for_a_sensitive_variable_and_its_value_is_not_echoed(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    text = 'from haplan import *\noutput("o", variable("key", sensitive=True))\n'
    (tmp_path / "edge" / "stack.py").write_text(text)
    code, seen = at_a_terminal(tmp_path, "plan edge --out edge.plan", "k-secret")
    assert code == 0, seen
    code, seen = at_a_terminal(tmp_path, "apply edge.plan", "k-secret")
    assert (code, "key: " in seen, "k-secret" in seen) == (0, True, False), seen


def at_a_terminal(folder: Path, command: str, typed: str) -> tuple[int, str]:
    """The exit code of a command that a person runs and answers, and what stands on the screen."""
    ours, its = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "haplan", *command.split()],
        cwd=folder,
        env={**os.environ, "HAPLAN_PLUGINS_OFF": "design,mist,srx,ssr,postgres"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    seen = b""
    with contextlib.suppress(OSError):  # at its end
        while part := os.read(ours, 1000):
            seen += part
            if typed and b"key: " in seen:
                os.write(ours, f"{typed}\n".encode())
                typed = ""
    os.close(ours)
    return process.wait(), seen.decode()


@pytest.mark.parametrize("option", ["--target=mem_thing.a", "--destroy", "--no-refresh"])
def test_options_that_made_the_plan_are_wrong_usage(place: Place, option: str) -> None:
    place.planned()
    place.refused(1, "the plan file edge.plan has decided that; leave it out, or plan again", option)


@pytest.mark.parametrize("option", ["--env=other", "--lab"])
def test_another_environment_than_its_own(place: Place, option: str) -> None:
    place.planned()
    place.refused(1, "edge.plan: this plan is for environment 'default'; leave --env and --lab out", option)
