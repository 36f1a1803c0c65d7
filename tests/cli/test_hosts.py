"""Whom ``apply FILE`` reaches, and what it runs: what the environment or the state names needs nobody's word, what
differs from that is refused, and what nobody knows is asked about, before the first byte is sent.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import api
from haplan.cli.main import run as run_command_line
from haplan.errors import Declined, Denied
from haplan.testing import Cloud, plugins
from haplan.testing.memory import Mem
from tests.cli.test_approved import forged

STACK = """
from haplan import *
from haplan.testing import Thing
provider("mem"{settings})
Thing("a", size={size}{more})
"""


@attrs.define
class Place:
    """A stack, its estate, and the command line."""

    folder: Path
    cloud: Cloud
    run: Callable[..., tuple[int, str, str]]

    def write(self, *, settings: str = "", size: int = 1, more: str = "") -> None:
        text = STACK.format(settings=f", {settings}" if settings else "", size=size, more=f", {more}" if more else "")
        (self.folder / "edge" / "stack.py").write_text(text)

    def applied(self, **how: Any) -> None:
        self.write(**how)
        code, _, err = self.run("apply", "edge", "--auto-approve")
        assert code == 0, err

    def planned(self, *, size: int = 2, **how: Any) -> None:
        self.write(size=size, **how)
        code, _, err = self.run("plan", "edge", "--out", "edge.plan")
        assert code == 0, err

    def refused(self, words: str, *options: str, code: int = 4) -> None:
        """The file is refused with that line, and nothing was asked of the estate."""
        before = (self.cloud.reads, list(self.cloud.writes))
        ended = self.run("apply", "edge.plan", *options)
        assert ended[0] == code, ended
        (line,) = [line for line in ended[2].splitlines() if line.startswith("error: ")]
        assert words in line
        assert (self.cloud.reads, self.cloud.writes) == before

    def carried_out(self, *options: str) -> None:
        code, _, err = self.run("apply", "edge.plan", *options)
        assert code == 0, err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    (tmp_path / "edge").mkdir()
    monkeypatch.chdir(tmp_path)
    cloud = Cloud()
    monkeypatch.setattr("haplan.host.session.load_plugins", lambda environ=None: plugins(cloud))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command_line([*arguments])
        sys.stdout.flush()
        return (code, *capfd.readouterr())

    return Place(tmp_path, cloud, run)


# --- Known ------------------------------------------------------------------------------------------------------------


def test_a_host_that_the_environment_names_needs_nobody_s_word(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM_HOST", "cloud.example")
    place.planned()
    place.carried_out()


def test_a_host_that_the_state_remembers_needs_nobody_s_word(place: Place) -> None:
    place.applied(settings='host="cloud.example"')
    document = json.loads(place.run("state", "pull", "edge")[1])
    assert document["destinations"] == {
        "mem": {"": {"host": "cloud.example", "trust": "", "verify": True, "accept_new": False, "via": []}}
    }
    place.planned(settings='host="cloud.example"')
    place.carried_out()


def test_a_host_that_a_state_of_0_1_0_recorded_among_the_settings_needs_nobody_s_word(place: Place) -> None:
    place.applied(settings='host="cloud.example"')
    document = json.loads(place.run("state", "pull", "edge")[1])
    del document["destinations"]
    document |= {"format": "haplan-state/1", "serial": document["serial"] + 1}
    (place.folder / "old.json").write_text(json.dumps(document))
    assert place.run("state", "push", "edge", "old.json")[0] == 0
    assert json.loads(place.run("state", "pull", "edge")[1])["destinations"] == {}
    place.planned(settings='host="cloud.example"')
    place.carried_out()


def test_a_provider_without_hosts_needs_nobody_s_word(place: Place) -> None:
    place.planned()
    place.carried_out()


# --- Differs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('host="evil.example"', "the plan sends to evil.example, and the state names cloud.example"),
        (
            'host="cloud.example", verify=False',
            "the plan sends to cloud.example (whoever answers is believed (verify=False)), and the state names "
            "cloud.example;",
        ),
        (
            'host="cloud.example", trust="certificates in /tmp/ca.pem"',
            "sends to cloud.example (known by certificates in /tmp/ca.pem), and the state names cloud.example;",
        ),
    ],
)
def test_what_differs_from_the_state_is_refused_unless_it_is_named(place: Place, settings: str, words: str) -> None:
    place.applied(settings='host="cloud.example"')
    place.planned(settings=settings)
    place.refused(words)
    place.refused(words, "--allow-host", "other.example")
    host = "evil.example" if "evil" in settings else "cloud.example"
    place.carried_out("--allow-host", f"*{host[3:]}")
    place.planned(settings=settings, size=3)
    place.carried_out()  # now the state names it


def test_what_differs_from_the_environment_is_refused_unless_it_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEM_HOST", "cloud.example")
    place.planned(settings='host="evil.example"')
    place.refused("the plan sends to evil.example, and the environment names cloud.example; --allow-host evil.example")
    place.carried_out("--allow-host", "evil.example")


def test_a_device_that_moved_to_another_host_differs(place: Place) -> None:
    place.applied(settings='host="cloud.example"', more='zone="z1"')
    document = json.loads(place.run("state", "pull", "edge")[1])
    document["destinations"]["mem"]["z1"]["host"] = "z9.example"
    document["settings"] = {}
    (place.folder / "moved.json").write_text(json.dumps({**document, "serial": document["serial"] + 1}))
    assert place.run("state", "push", "edge", "moved.json")[0] == 0
    place.planned(settings='host="cloud.example"', more='zone="z1"')
    place.refused(
        "the plan sends to z1.example for z1, and the state names z9.example; --allow-host z1.example lets it"
    )


def test_nobody_is_asked_about_what_differs(place: Place) -> None:
    place.applied(settings='host="cloud.example"')
    place.planned(settings='host="evil.example"')
    with pytest.raises(Denied, match=r"the state names cloud\.example"):
        api.apply("edge.plan", confirm=lambda text: True)


def test_what_the_environment_says_otherwise_than_the_plan_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEM_HOST", "cloud.example")
    place.planned()
    monkeypatch.setenv("MEM_HOST", "other.example")
    words = (
        "would send to other.example from here, and the plan says cloud.example; mend the environment, or plan again"
    )
    place.refused(words)
    place.refused(words, "--allow-host", "*")


def test_a_file_whose_list_of_hosts_was_shortened_is_refused(place: Place) -> None:
    place.planned(settings='host="evil.example"')
    document = json.loads((place.folder / "edge.plan").read_bytes())
    document["body"]["destinations"] = []
    document["digest"] = forged(document["body"])
    (place.folder / "edge.plan").write_text(json.dumps(document))
    place.refused("would send to evil.example from here, and the plan says nothing of it", "--allow-host", "*")


def test_another_estate_is_still_told_by_its_own_exit_code(place: Place) -> None:
    place.applied(settings='host="cloud.example"')
    place.planned(settings='host="cloud.example"')
    place.cloud.name = "other"
    assert place.run("apply", "edge.plan")[0] == 5


# --- Nobody knows it --------------------------------------------------------------------------------------------------


def test_a_host_that_nobody_knows_needs_to_be_named_where_nobody_can_be_asked(place: Place) -> None:
    place.planned(settings='host="cloud.example"')
    words = (
        "this plan sends to cloud.example; neither the environment nor the state names it; --allow-host cloud.example"
    )
    place.refused(words)
    place.refused(words, "--auto-approve")
    place.carried_out("--allow-host", "cloud.example")


def test_a_new_device_needs_to_be_named_and_no_other(place: Place) -> None:
    place.applied(settings='host="cloud.example"', more='zone="z1"')
    place.planned(settings='host="cloud.example"', more='zone="z2"')
    place.refused("this plan sends to z2.example; neither the environment nor the state names it")
    place.carried_out("--allow-host", "z2.*")


@pytest.mark.parametrize(("answer", "done"), [(True, True), (False, False)])
def test_a_person_is_asked_about_a_host_that_nobody_knows(place: Place, answer: bool, done: bool) -> None:
    place.planned(settings='host="cloud.example", verify=False')
    asked: list[str] = []

    def confirm(text: str) -> bool:
        asked.append(text)
        return answer

    if done:
        assert api.apply("edge.plan", confirm=confirm).exit_code == 0
    else:
        with pytest.raises(Declined):
            api.apply("edge.plan", confirm=confirm)
        assert place.cloud.writes == []
    assert asked == [
        "provider 'mem': this plan sends to cloud.example (whoever answers is believed (verify=False)); "
        "neither the environment nor the state names it"
    ]


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("no\n", 11), ("\n", 11)])
def test_at_a_terminal_the_hosts_are_listed_and_yes_is_typed(
    place: Place, typed: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    place.planned(settings='host="cloud.example"')
    person = io.StringIO(typed)
    monkeypatch.setattr(person, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", person)
    ended = place.run("apply", "edge.plan")
    assert ended[0] == code
    assert "provider 'mem': this plan sends to cloud.example; neither the environment nor the state" in ended[2]


def test_a_plan_of_one_s_own_needs_nobody_s_word(place: Place) -> None:
    place.write(settings='host="cloud.example"')
    assert place.run("apply", "edge", "--auto-approve")[0] == 0
    place.write(settings='host="evil.example"', size=2)
    made = api.plan("edge")
    assert api.apply(made).exit_code == 0


def test_allowing_hosts_is_for_plan_files(place: Place) -> None:
    place.write()
    code, _, err = place.run("apply", "edge", "--auto-approve", "--allow-host", "*")
    assert (code, "--allow-host is for a plan file" in err) == (1, True)


def test_a_plan_that_a_run_did_not_end_is_gone_on_with_without_asking_again(place: Place) -> None:
    place.planned(settings='host="cloud.example"', more='zone="z1"')
    place.cloud.errors[1] = OSError("cut off")
    assert place.run("apply", "edge.plan", "--allow-host", "*")[0] == 8
    run = json.loads(place.run("runs", "edge", "--json")[1])[-1]["id"]
    assert place.run("apply", "edge", "--resume", run)[0] == 0


# --- The place of the state -------------------------------------------------------------------------------------------


def at(place: Place, url: str) -> None:
    document = json.loads((place.folder / "edge.plan").read_bytes())
    document["body"]["origin"]["state"] = url
    document["digest"] = forged(document["body"])
    (place.folder / "edge.plan").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://evil.example/haplan", "evil.example"),
        ("postgresql:///haplan?host=evil.example", "evil.example"),
        ("postgresql://127.0.0.1/haplan?hostaddr=192.0.2.7", "127.0.0.1 --allow-host 192.0.2.7"),
        ("postgresql://one.example,two.example:7/haplan", "one.example --allow-host two.example"),
    ],
)
def test_a_state_on_a_host_that_nobody_names_is_not_asked_for(place: Place, url: str, host: str) -> None:
    """A database gets this machine's password as a cloud gets its token."""
    place.planned()
    at(place, url)
    place.refused(
        f"this plan keeps its state at {url}, which neither HAPLAN_STATE nor --state names; --allow-host {host}"
    )


@pytest.mark.parametrize("how", ["environment", "option", "allowed"])
def test_a_state_on_a_host_that_this_machine_names_is_asked_for(
    place: Place, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers there: but it is asked."""
    place.planned()
    at(place, "postgresql://ana:***@127.0.0.1:1/haplan")
    own = "postgresql://ana:hunter2@127.0.0.1:1/haplan"
    if how == "environment":
        monkeypatch.setenv("HAPLAN_STATE", own)
    options = {"option": ["--state", own], "allowed": ["--allow-host", "127.*"]}.get(how, [])
    code, _, err = place.run("apply", "edge.plan", *options)
    assert code == 1
    assert "hunter2" not in err
    assert "state" in err
    assert "allow-host" not in err


# --- Commands ---------------------------------------------------------------------------------------------------------

COMMAND = "command:touch ran; echo pw"


@pytest.mark.parametrize(
    "more",
    [
        f'psk=secret("{COMMAND}")',
        f'members=[{{"deep": secret("{COMMAND}")}}]',
        f'tags={{"said": f"a{{secret(\'{COMMAND}\')}}b"}}',
    ],
)
def test_a_command_of_a_plan_file_runs_only_if_it_is_let_by_name(place: Place, more: str) -> None:
    place.planned(more=more)
    (place.folder / "ran").unlink(missing_ok=True)
    place.refused(f"the plan takes a secret from {COMMAND}; --allow-command lets it run")
    place.refused("--allow-command", "--auto-approve", "--allow-host", "*")
    assert not (place.folder / "ran").exists()
    place.carried_out("--allow-command")


def forge(place: Place, change: Callable[[Any], Any]) -> None:
    document = json.loads((place.folder / "edge.plan").read_bytes())
    change(document["body"])
    document["digest"] = forged(document["body"])
    (place.folder / "edge.plan").write_text(json.dumps(document))


SECRET = {"$haplan": "secret", "source": COMMAND, "version": None, "fingerprint": "x"}


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["variables"].update(v=SECRET),
        lambda body: body["settings"]["mem"].update(key={"$haplan": "map", "value": SECRET}),
        lambda body: body["settings"]["mem"].update(key=SECRET),
        lambda body: body["changes"][0]["private"].update(kept=SECRET),
        lambda body: body["changes"][0]["private"].update(kept={"$haplan": "map", "value": SECRET}),
        lambda body: body["known"].update(x={"id": SECRET}),
        lambda body: body["changes"][0]["extra"].update(x=[SECRET]),
        lambda body: body["facts"].update(x={"y": SECRET}),
    ],
)
def test_a_command_cannot_be_hidden_anywhere_in_a_plan_file(place: Place, change: Callable[[Any], Any]) -> None:
    place.planned(settings='key="x"')
    forge(place, change)
    place.refused("this plan file is damaged", "--allow-command", code=1)
    forge(place, lambda body: body.update(sources=[COMMAND]))
    place.refused(f"the plan takes a secret from {COMMAND}; --allow-command lets it run")
    assert not (place.folder / "ran").exists()


def test_a_limit_of_no_commands_holds_in_every_way_through(place: Place) -> None:
    place.planned(more=f'psk=secret("{COMMAND}")')
    text = (place.folder / "edge" / "stack.py").read_text()
    (place.folder / "edge" / "stack.py").write_text(text + "limits(max_commands=0)\n")
    words = "limits(max_commands=0): this plan has 1; raise it in the stack, or use --target"
    assert words in " ".join(place.run("plan", "edge", "--out", "edge.plan")[1].split())
    code, _, err = place.run("apply", "edge", "--auto-approve")
    assert (code, words in err) == (4, True)
    place.refused(words, "--allow-command")
    (place.folder / "edge" / "stack.py").write_text(text + "limits(max_commands=1)\n")
    assert place.run("apply", "edge", "--auto-approve")[0] == 0


def test_a_rollback_runs_a_command_that_is_recorded_only_if_it_is_let_by_name(place: Place) -> None:
    """State may come from elsewhere; whoever goes back has seen nothing of it when the plan is made."""
    place.applied(more=f'psk=secret("{COMMAND}")')
    run = json.loads(place.run("runs", "edge", "--json")[1])[-1]["id"]
    place.applied(size=2)
    (place.folder / "ran").unlink()
    code, _, err = place.run("rollback", "edge", "--to", run, "--auto-approve")
    assert (code, f"run {run} takes a secret from {COMMAND}; --allow-command lets it run" in err) == (4, True)
    assert not (place.folder / "ran").exists()
    assert place.run("rollback", "edge", "--to", run, "--auto-approve", "--allow-command")[0] == 0


def test_a_command_that_is_written_again_with_what_changes_is_among_the_sources(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mem, "composes", True)
    place.applied(more=f'psk=secret("{COMMAND}")')
    (place.folder / "edge" / "stack.py").write_text(
        STACK.format(settings="", size=1, more=f', psk=secret("{COMMAND}")') + 'Thing("b")\n'
    )
    assert place.run("plan", "edge", "--target", "mem_thing.b", "--out", "edge.plan")[0] == 0
    place.refused(f"the plan takes a secret from {COMMAND}; --allow-command lets it run")
    forge(place, lambda body: body.update(sources=[]))
    place.refused(f"the state takes a secret from {COMMAND}; --allow-command lets it run")
    place.carried_out("--allow-command")
