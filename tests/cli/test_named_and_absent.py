"""What is named and absent is questioned; and each hint is followed, and gets further."""

import re
from pathlib import Path

import pytest


@pytest.fixture
def prod(folder: Path) -> Path:
    """The stack with the variables of one environment beside it."""
    (folder / "edge" / "env").mkdir()
    (folder / "edge" / "env" / "prod.toml").write_text("size = 7\n")
    return folder / "edge"


# --- Environments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        *(["validate", "edge"], ["plan", "edge"], ["apply", "edge", "--auto-approve"], ["destroy", "edge"]),
        *(["drift", "edge"], ["state", "list", "edge"], ["runs", "edge"], ["output", "edge", "size"], ["show", "edge"]),
        *(["import", "edge", "record.a", "1"], ["rollback", "edge", "--to", "x"], ["unlock", "edge", "x"]),
        *(["state", "mv", "edge", "record.a", "record.b"], ["state", "pull", "edge"], ["graph", "edge"]),
    ],
    ids=" ".join,
)
def test_a_mistyped_environment_is_refused_by_every_command(run, prod: Path, command: list[str]) -> None:
    ended = run(*command, "--env", "prdo")
    hint = "to make a new one add --new-env"
    assert (ended.code, ended.err) == (1, f"error: --env prdo: no env/prdo.toml; there is: prod; {hint}\n")
    assert not (prod / ".haplan").exists()


def test_the_environment_that_the_refusal_names_is_taken(run, prod: Path) -> None:
    named = re.search(r"there is: (\w+)", run("plan", "edge", "--env", "prdo").err)
    assert named is not None
    ended = run("apply", "edge", "--env", named[1], "--auto-approve")
    assert ended.code == 0
    assert "size  7" in ended.out


def test_an_environment_to_be_made_needs_new_env_until_it_is_there(run, prod: Path) -> None:
    assert run("plan", "edge", "--env", "qa").code == 1
    planned = run("plan", "edge", "--env", "qa", "--new-env")
    assert planned.code == 0
    new = "--env qa: this environment is new: there is neither a state of that name nor env/qa.toml"
    assert planned.err.endswith(f" warning: {new}\n")
    proposed = re.search(r"To carry it out: haplan (.*)", planned.out)
    assert proposed is not None
    assert run(*proposed[1].split(), "--auto-approve").code == 0
    known = run("plan", "edge", "--env", "qa")
    assert (known.code, "is new" in known.err) == (0, False)
    assert "did you mean 'qa'?" in run("plan", "edge", "--env", "qaa").err


def test_where_nothing_has_a_name_yet_any_name_is_taken_and_told(run) -> None:
    ended = run("apply", "edge", "--env", "prod", "--auto-approve")
    assert ended.code == 0
    assert "--env prod: this environment is new" in ended.err


def test_a_state_is_known_by_name_also_without_variables(run) -> None:
    run("apply", "edge", "--auto-approve")
    ended = run("plan", "edge", "--env", "prod")
    assert ended.code == 1
    assert ended.err.startswith("error: --env prod: no such environment; there is: default; ")


def test_a_stack_tried_in_the_lab_has_no_other_state_for_that(run, folder: Path) -> None:
    (folder / "edge" / ".haplan" / "lab").mkdir(parents=True)
    assert run("plan", "edge", "--env", "prod").code == 0


def test_default_is_known_where_only_others_have_variables(run, prod: Path) -> None:
    assert run("plan", "edge").code == 0


def test_states_elsewhere_are_known_by_the_url_that_leads_to_them(run, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("HAPLAN_STATE", f"sqlite:///{folder}/states/{{env}}/edge-{{env}}.db")
    (folder / "states" / "shop").mkdir(parents=True)
    assert run("apply", "edge", "--env", "shop", "--auto-approve").code == 0
    refused = run("plan", "edge", "--env", "shpo")
    assert refused.err.startswith("error: --env shpo: no such environment; there is: shop; ")
    assert run("plan", "edge", "--env", "shop").code == 0


def test_a_plan_file_of_a_new_environment_needs_no_option(run, prod: Path) -> None:
    assert run("plan", "edge", "--env", "qa", "--new-env", "--out", "qa.plan").code == 0
    assert run("apply", "qa.plan").code == 0


def test_programs_are_asked_the_same(prod: Path) -> None:
    from haplan import api

    with pytest.raises(api.HaplanError, match=r"no env/prdo\.toml; there is: prod"):
        api.session(prod, env="prdo")
    with api.session(prod, env="qa", new_env=True) as opened:
        assert opened.environment == "qa"


# --- Files of variables -----------------------------------------------------------------------------------------------

PLAIN = 'from haplan import Data\nData("a", input=1)\n'
"""A stack without variables."""


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "destroy", "drift", "graph"])
@pytest.mark.parametrize("text", [PLAIN, None], ids=["without variables", "with some"])
def test_a_file_of_variables_that_is_not_there_is_refused_also_where_no_variable_asks(
    run, folder: Path, command: str, text: str | None
) -> None:
    if text:
        (folder / "edge" / "stack.py").write_text(text)
    ended = run(command, "edge", "--var-file", "none.toml")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: none.toml: cannot read these variables: No such file or directory\n"


@pytest.mark.parametrize("given", ["env/prod.toml", "edge/env/prdo.toml", "prod.toml"])
def test_the_file_of_variables_that_may_be_meant_is_named_as_it_can_be_given(run, prod: Path, given: str) -> None:
    ended = run("plan", "edge", "--var-file", given)
    meant = re.search(r"did you mean '(.*)'\?$", ended.err)
    assert meant is not None
    assert (ended.code, meant[1]) == (1, "edge/env/prod.toml")
    assert "size  7" in run("plan", "edge", "--var-file", meant[1]).out


# --- Secrets ----------------------------------------------------------------------------------------------------------

SECRET = 'from haplan import Data, secret\nData("a", input=secret("env:OVERLAY_PSK"))\n'


def test_a_secret_whose_variable_is_not_set_is_an_error_that_names_the_nearest(
    run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "edge" / "stack.py").write_text(SECRET)
    monkeypatch.setenv("OVERLAY_PKS", "violet")
    ended = run("plan", "edge")
    said = "secret env:OVERLAY_PSK: the environment variable OVERLAY_PSK is not set; did you mean 'OVERLAY_PKS'?"
    assert ended.code == 4
    assert said in " ".join(ended.out.split())
    monkeypatch.setenv("OVERLAY_PSK", "violet")
    assert run("apply", "edge", "--auto-approve").code == 0


def test_in_the_lab_a_secret_that_is_made_up_is_told(run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "edge" / "stack.py").write_text(SECRET)
    ended = run("plan", "edge", "--lab")
    said = "secret env:OVERLAY_PSK: the environment variable OVERLAY_PSK is not set, the lab takes a made-up one"
    assert ended.code == 0
    assert said in " ".join(ended.out.split())
    monkeypatch.setenv("OVERLAY_PSK", "violet")
    assert "made-up" not in run("plan", "edge", "--lab").out


def test_a_secret_in_vendor_keys_is_questioned_like_any(run, folder: Path) -> None:
    text = 'from haplan import Data, secret\nData("a", extra={"haplan": {"key": secret("env:OVERLAY_PSK")}})\n'
    (folder / "edge" / "stack.py").write_text(text)
    assert "OVERLAY_PSK is not set" in " ".join(run("plan", "edge").out.split())
