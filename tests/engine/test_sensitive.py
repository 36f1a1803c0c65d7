"""Sensitive values keep their mark wherever they flow: texts, containers, outputs, other resources."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.errors import HaplanError, StackError, Stale
from haplan.hookspecs import hookimpl
from haplan.host.options import Options
from haplan.language.kinds import Anything
from haplan.language.refs import Ref
from haplan.language.resource import Resource, attribute, computed, resource
from haplan.model.plan import Action
from haplan.model.value import Secret, decode, secrets
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.steps.approve import digest
from haplan.testing import Project, plugins

Make = Callable[..., Project]
HUSH = "hush-hush-hush"
START = 'key = variable("key", sensitive=True)\n'
GIVEN: Mapping[str, tuple[str, ...]] = {"variables": (f"key={HUSH}",)}
TEXT = (
    START
    + 'a = Thing("a", tags={"url": f"https://x:{key}@host", "all": [1, key]}, group=f"g-{key}")\n'
    + 'd = Data("d", input=f"{key}/x")\nThing("b", tags={"d": d.output, "both": f"{a.id}:{key}"})\n'
    + 'output("o", f"it is {key}, of {a.id}")\noutput("p", {"deep": [key]})'
)


@resource("vault_locked")
class Locked(Resource):
    """Something with a code."""

    code: Any = attribute(Anything(), default=None, sensitive=True)
    id: Ref[str] = computed()


class Vault:
    """A plugin with a sensitive attribute of a kind that takes anything."""

    haplan_api = 2

    @hookimpl
    def haplan_resources(self) -> list[type]:
        return [Locked]


VAULT = f"from {__name__} import Locked\n"


def leaks(made: Project) -> list[str]:
    return [str(file) for file in made.folder.rglob("*") if file.is_file() and HUSH.encode() in file.read_bytes()]


def reveal(made: Project, found: object) -> str:
    assert isinstance(found, Secret)
    with made.session(**GIVEN) as session:
        return session.secrets.reveal(found.source)


def test_it_reaches_the_provider_and_nothing_else(project: Make) -> None:
    made = project(TEXT)
    plan = made.plan(**GIVEN)
    assert made.apply(plan, **GIVEN).exit_code == 0
    tags, other = made.cloud.thing("a").values["tags"], made.cloud.thing("b").values["tags"]
    assert reveal(made, tags["url"]) == f"https://x:{HUSH}@host"
    assert reveal(made, tags["all"][1]) == HUSH
    assert reveal(made, other["d"]) == f"{HUSH}/x"
    assert reveal(made, other["both"]) == f"{made.cloud.thing('a').id}:{HUSH}"
    assert leaks(made) == []
    assert made.plan(**GIVEN).empty()


def test_another_value_is_a_change_of_all_it_flows_into(project: Make) -> None:
    made = project(TEXT)
    made.apply(**GIVEN)
    plan = made.plan(variables=("key=unlike",))
    assert sorted(change.address for change in plan.changes) == ["mem_thing.a", "mem_thing.b", "record.d"]
    assert sorted(out.name for out in plan.outputs) == ["o", "p"]
    assert made.apply(plan, variables=("key=unlike",)).exit_code == 0
    assert made.plan(variables=("key=unlike",)).empty()


def test_text_and_json_say_that_it_is_sensitive(project: Make) -> None:
    made = project(TEXT)
    plan = made.plan(**GIVEN)
    text = plain(plan_lines(plan))
    assert HUSH not in text
    assert "url: (sensitive)" in text
    assert "o  (sensitive)" in text
    document = plan_json(plan, digest="sha256:x", made=0.0)
    assert HUSH not in json.dumps(document)
    found = {one["address"]: one["change"] for one in document["resource_changes"]}
    assert found["mem_thing.a"]["after"]["tags"] == {"url": "(sensitive)", "all": [1, "(sensitive)"]}
    assert found["mem_thing.a"]["after_sensitive"]["tags"] == {"url": True, "all": [False, True]}
    assert found["mem_thing.b"]["after_unknown"]["tags"]["both"] is True
    assert found["mem_thing.b"]["after_sensitive"]["tags"]["both"] is True
    assert all(one["after_sensitive"] for one in document["output_changes"].values())


def test_an_output_that_a_secret_flows_into_is_sensitive(project: Make) -> None:
    made = project(TEXT)
    assert made.apply(**GIVEN).exit_code == 0
    assert {name: row.sensitive for name, row in made.state().outputs.items()} == {"o": True, "p": True}


@pytest.mark.parametrize(
    ("value", "got"),
    [('"hush"', "text"), ("a.token", "a reference"), ('f"{a.id}"', "text"), ("7", "plain data"), ("HUSH", "text")],
)
def test_a_sensitive_attribute_takes_nothing_that_would_stand_in_plain(project: Make, value: str, got: str) -> None:
    with pytest.raises(StackError) as caught:
        project(f'{VAULT}HUSH = "{HUSH}"\na = Thing("a")\nLocked("b", code={value})', more=[Vault()]).plan()
    (mistake,) = caught.value.mistakes
    place, _, words = mistake.partition(": ")
    assert place == "stack.py:7"
    assert words == (f'vault_locked.b: code: expected secret("env:NAME"), got {got}; a secret never stands in a stack')


@pytest.mark.parametrize("value", ["key", 'f"x-{key}"', "None"])
def test_a_sensitive_attribute_of_any_kind_takes_secrets(project: Make, value: str) -> None:
    made = project(VAULT + START + f'Locked("b", code={value})', more=[Vault()])
    assert made.plan(**GIVEN).count(Action.CREATE) == 1


def test_a_message_of_a_condition_says_what_it_refers_to_and_no_secret(project: Make) -> None:
    text = 'Thing("b", lifecycle=lifecycle(precondition=equals(a.id, "x", message=f"{a.id} must be x, {key}")))'
    made = project(START + 'a = Thing("a")\n' + text)
    plan = made.plan(**GIVEN)
    assert "checked before: {mem_thing.a.id} must be x, (sensitive)" in plain(plan_lines(plan))
    (failed,) = made.apply(plan, **GIVEN).failed
    assert '{mem_thing.a.id} must be x, (sensitive): does not hold, got "id-1"' in failed.text


def test_the_plan_writer_refuses_a_reference_that_nothing_looked_through(project: Make) -> None:
    kept = 'from pathlib import Path\nPath(__file__).with_name("kept").write_text(f"x-{a.id}")\n'
    made = project('a = Thing("a")\n' + kept)
    plan = attrs.evolve(made.plan(), notes=((made.folder / "kept").read_text(),))
    with pytest.raises(HaplanError, match=r"a reference stands where none can: ….*x-…; give it to an attribute"):
        digest(plan)
    with made.session() as session, pytest.raises(HaplanError, match="a reference stands where none can"):
        engine.write_plan(session, plan, made.folder / "a.plan")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:NOBODY", "secret env:NOBODY: the environment variable NOBODY is not set"),
        ("file:nowhere", "secret file:nowhere: No such file or directory"),
        ("file:/bin/sh", "secret file:/bin/sh: it is not UTF-8 text"),
        (f"command:echo {HUSH} >&2; exit 3", "secret command:…: the command ended with 3"),
        ("command:printf '\\377'", "secret command:…: what the command printed is not UTF-8 text"),
        ("command:exec sleep 9", "secret command:…: the command gave nothing in 0.2 s"),
        ("strange:x", "secret strange:…: no such source; there are: command, env, file"),
    ],
)
def test_a_secret_that_cannot_be_found_is_one_line(
    project: Make, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    monkeypatch.setattr("haplan.builtin.SECONDS", 0.2)
    (finding,) = project(f'Thing("a", psk=secret({source!r}))').plan().findings
    assert (finding.severity, finding.address, finding.location) == ("error", "mem_thing.a", "stack.py:4")
    assert finding.message == words


# --- A backend that tells secrets -------------------------------------------------------------------------------------

TOLD = (
    START + 'x = Thing("x", zone="ZONE")\na = Thing("a", members=[key, "plain"], '
    'tags={"list": [key, "plain"], "rows": [{"user": "u", "pw": key}], "url": f"{key}@{x.id}"}LIFE)'
)
READ = [
    {"members": ["plain", HUSH]},
    {"members": [HUSH]},
    {"members": HUSH},
    {"members": {"pw": HUSH}},
    {"tags": {"list": ["plain", "more", HUSH]}},
    {"tags": {"rows": [{"user": "v", "pw": HUSH, "old": HUSH}, {"pw": HUSH}], "list": [[HUSH]]}},
    {"tags": {"url": f"{HUSH}@id-1"}},
]


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("life", ["", ', lifecycle=lifecycle(ignore_changes=["members", "tags.list"])'])
def test_what_a_backend_tells_of_a_secret_is_in_no_plan_and_no_state(
    project: Make, read: Mapping[str, object], life: str
) -> None:
    made = project(TOLD.replace("LIFE", life))
    made.apply(**GIVEN)
    made.cloud.edit("a", **read)
    made.write(TOLD.replace("LIFE", life).replace("ZONE", "other"))
    plan = made.plan(**GIVEN)
    assert HUSH not in str(attrs.evolve(plan, memories={}))
    assert HUSH not in plain(plan_lines(plan))
    assert HUSH not in json.dumps(plan_json(plan, digest="sha256:x", made=0.0))
    assert made.apply(plan, **GIVEN).exit_code == 0
    assert leaks(made) == []
    assert HUSH not in str(made.state())


def test_what_stood_there_before_is_not_kept_where_it_has_a_secret(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    made.cloud.edit("a", members=[HUSH, "old"], tags={"pw": [HUSH]})
    made.write(START + 'Thing("a", members=[key], tags={"pw": [key]})').apply(**GIVEN)
    assert leaks(made) == []
    made.write('Thing("a")')
    assert made.apply().exit_code == 0
    assert made.cloud.thing("a").values == {}


# --- Outputs that are said to be sensitive ----------------------------------------------------------------------------

SAID = (
    f'a = Thing("a", zone="ZONE")\noutput("o", "{HUSH}", sensitive=True)\n'
    f'output("p", {{"{HUSH}": [a.id, f"{HUSH}-{{a.id}}", 7, None]}}, sensitive=True)'
)


def test_what_stands_in_plain_in_a_sensitive_output_is_kept_by_fingerprint(project: Make) -> None:
    made = project(SAID)
    file = saved(made)
    assert HUSH.encode() not in file.read_bytes()
    result = made.apply()
    assert result.exit_code == 0
    assert HUSH not in str(result)
    assert made.cloud.thing("a").id not in str(result.outputs)
    assert HUSH not in str(made.state())
    found = [one for row in made.state().outputs.values() for one in secrets(decode(row.value))]
    assert len(found) == 1 + 5
    assert all(one.fingerprint.startswith("hmac-sha256:") for one in found)
    assert leaks(made) == [str(made.folder / "stack.py")]
    assert made.plan().empty()


def test_a_change_of_it_is_seen(project: Make) -> None:
    made = project(SAID, applied=True)
    plan = made.write(SAID.replace(f'"o", "{HUSH}"', '"o", "hush-other"')).plan()
    assert [(out.name, out.sensitive) for out in plan.outputs] == [("o", True)]
    assert "hush-" not in str(plan.outputs)
    assert plain(plan_lines(plan)).count("~ o  (sensitive) → (sensitive)") == 1
    assert made.apply(plan).exit_code == 0
    assert made.plan().empty()


def test_a_new_id_in_it_is_one_too_and_is_known_after_apply(project: Make) -> None:
    made = project(SAID, applied=True)
    plan = made.write(SAID.replace("ZONE", "other")).plan()
    (change,) = plan_json(plan, digest="sha256:x", made=0.0)["output_changes"].values()
    assert (change["before"], change["after"], change["after_unknown"]) == ("(sensitive)", None, True)
    assert made.apply(plan).exit_code == 0
    assert made.plan().empty()


def test_a_plan_file_carries_no_value_and_the_next_plan_is_empty_all_the_same(project: Make) -> None:
    made = project(SAID)
    assert applied(made, saved(made)) == 0
    assert leaks(made) == [str(made.folder / "stack.py")]
    assert made.plan().empty()


def test_an_output_becomes_sensitive_and_plain_again(project: Make) -> None:
    made = project('output("o", "x")', applied=True)
    assert made.write('output("o", "x", sensitive=True)').apply().exit_code == 0
    assert made.state().outputs["o"].sensitive
    assert made.plan().empty()
    assert made.write('output("o", "x")').apply().exit_code == 0
    assert made.state().outputs["o"].value == "x"


def saved(made: Project, **options: object) -> Path:
    file = made.folder.parent / "a.plan"
    with made.session(**options) as session:
        engine.write_plan(session, engine.plan(session), file)
    return file


def applied(made: Project, file: Path, **environ: str) -> int:
    session, plan = engine.open_plan(
        file, Options(), environ=environ, clock=made.cloud.clock, plugins=plugins(made.cloud)
    )
    with session:
        return engine.apply(session, plan).exit_code


def test_a_plan_file_asks_for_it_again_and_it_must_match(project: Make) -> None:
    made = project(TEXT)
    made.apply(**GIVEN)
    made.write(TEXT.replace("https", "http"))
    file = saved(made, **GIVEN)
    assert HUSH.encode() not in file.read_bytes()
    with pytest.raises(HaplanError, match="variable 'key': has no value; give --var key"):
        applied(made, file)
    with pytest.raises(Stale, match="variable key: the value is not the one that this plan was made with"):
        applied(made, file, HAPLAN_VAR_key="unlike")
    assert applied(made, file, HAPLAN_VAR_key=HUSH) == 0
    assert leaks(made) == []


def test_secrets_of_other_sources_go_into_texts_too(project: Make) -> None:
    made = project('Thing("a", psk=f"x-{secret(\'env:PSK\')}")', PSK=HUSH)
    assert made.apply().exit_code == 0
    with made.session() as session:
        assert (
            session.secrets.reveal(made.plan(replaces=("mem_thing.a",)).changes[0].after["psk"].source) == f"x-{HUSH}"
        )  # type: ignore[index]
    assert made.plan().empty()
    assert leaks(made) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("if key: pass", "sensitive variable key cannot be used as a truth value"),
        ('x = key == "x"', "sensitive variable key cannot be used in a comparison"),
        ('x = key + "x"', "sensitive variable key cannot be used in a sum: write it in an f-string"),
        ('x = f"{key:>9}"', "cannot be used in an f-string with the format"),
        ('Thing(f"{key}")', "a label cannot hold a reference"),
        ('Thing("a", name=key)', "a remote name cannot be secret"),
        ('Thing("a", name=f"x{key}")', "a remote name cannot be secret"),
        ('Thing("a", size=key)', "size: expected integer, got a sensitive value"),
        ('Thing("a", zone=f"{key}"[1:])', "was cut or changed"),
    ],
)
def test_where_it_cannot_stand_is_a_mistake_with_its_line(line: str, words: str, project: Make) -> None:
    with pytest.raises(StackError) as caught:
        project(START + line).plan(**GIVEN)
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("stack.py:5: ")
    assert words in mistake
    assert HUSH not in mistake
