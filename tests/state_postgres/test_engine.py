"""The engine keeps a stack's state in PostgreSQL: planned, applied, planned again."""

from pathlib import Path

import pytest

from haplan import engine
from haplan.cli.main import run
from haplan.errors import HaplanError
from haplan.host.options import Options
from haplan.host.session import open_session
from tests.state_postgres.conftest import Admin

STACK = """
from haplan import Data
for name in ("a", "b"):
    Data(name, input={"name": name})
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "stack.py").write_text(STACK)
    return tmp_path


def test_a_stack_is_applied_once_and_then_unchanged(stack: Path, url: str) -> None:
    with open_session(stack, Options(state=url)) as session:
        assert engine.apply(session, engine.plan(session)).exit_code == 0
    with open_session(stack, Options(state=url)) as session:
        assert engine.plan(session).transactions == ()
        assert {row.address for row in engine.read_state(session).rows.values()} == {"record.a", "record.b"}
    assert not (stack / ".haplan" / "default" / "state.db").exists()


def test_the_environment_may_be_part_of_the_schemas_name(stack: Path, url: str, admin: Admin, schema: str) -> None:
    environ = {"HAPLAN_STATE": f"{url}_{{env}}"}
    for name in ("north", "south"):
        with open_session(stack, Options(environment=name, new_environment=True), environ=environ) as session:
            engine.apply(session, engine.plan(session))
    made = admin.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [schema]).fetchall()
    assert sorted(made) == [(f"{schema}_north",), (f"{schema}_south",)]


def test_the_schemas_of_other_environments_are_known_by_name(stack: Path, url: str) -> None:
    environ = {"HAPLAN_STATE": f"{url}_{{env}}"}
    with open_session(stack, Options(environment="prod"), environ=environ) as session:
        engine.apply(session, engine.plan(session))
    with pytest.raises(HaplanError) as refused:
        open_session(stack, Options(environment="prdo"), environ=environ)
    told = "--env prdo: no such environment; there is: prod; to make a new one add --new-env"
    assert str(refused.value) == told
    with open_session(stack, Options(environment="prod"), environ=environ) as session:  # the name that it gives
        assert engine.plan(session).empty()
    with open_session(stack, Options(environment="qa", new_environment=True), environ=environ) as session:  # the hint
        assert engine.apply(session, engine.plan(session)).exit_code == 0
    with pytest.raises(HaplanError, match="there are: prod, qa; did you mean 'qa'"):
        open_session(stack, Options(environment="qaa"), environ=environ)


def test_the_lab_does_not_take_the_state_of_the_environment_variable(stack: Path, url: str) -> None:
    with open_session(stack, Options(lab=True), environ={"HAPLAN_STATE": url}) as session:
        assert session.state_url == f"sqlite:///{stack}/.haplan/lab/state.db"


def test_a_plan_file_keeps_no_password_and_finds_it_again(stack: Path, url: str) -> None:
    secret = url.replace("//postgres@", "//postgres:s3cret@")
    if secret == url:
        pytest.skip("the named server's URL has another user than postgres")
    file = stack / "plan.json"
    with open_session(stack, Options(state=secret)) as session:
        engine.write_plan(session, engine.plan(session), file)
    assert b"s3cret" not in file.read_bytes()
    session, plan = engine.open_plan(file, environ={"HAPLAN_STATE": secret})
    with session:
        assert session.state_url == secret
        assert engine.apply(session, plan).exit_code == 0
    assert not [kept for kept in stack.rglob("*") if kept.is_file() and b"s3cret" in kept.read_bytes()]


def test_the_command_line_never_prints_the_password(
    stack: Path, url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = url.replace("//postgres@", "//postgres:s3cret@")
    if secret == url:
        pytest.skip("the named server's URL has another user than postgres")
    monkeypatch.setenv("HAPLAN_STATE", secret)
    unreachable = secret.replace("?", "?port=1&")
    assert run(["plan", str(stack)]) == 0
    assert run(["plan", str(stack), "--state", secret]) == 0
    assert run(["apply", str(stack), "--auto-approve"]) == 0
    assert run(["plan", str(stack), "--state", unreachable]) == 1
    out, err = capfd.readouterr()
    assert "s3cret" not in out + err
    assert "state postgresql://postgres:***@" in err
