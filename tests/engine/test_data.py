"""From stack to state with values that live in state only: nothing but haplan itself takes part."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from haplan import engine
from haplan.errors import HaplanError, Locked, OtherEstate, Stale
from haplan.host.options import Options
from haplan.model.graph import Graph
from haplan.model.plan import Action
from haplan.model.schema import TypeInfo
from haplan.model.stack import Stack
from haplan.model.state import Holder
from haplan.steps import graph
from haplan.steps.approve import body, digest
from haplan.testing import Project, plugins
from tests.mixed import mixed
from tests.work import calls

Make = Callable[..., Project]
CALLS = 170
"""Of Python functions, at most, that a plan makes for each resource that stays as it is."""
TEXT = """
size = variable("size", default=1)
a = Data("a", input={"size": size, "list": [1, 2]})
b = Data("b", input=f"of {a.id}", depends_on=[a])
output("a", a.output)
"""


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with its hash."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_planning_writes_nothing_at_all(project: Make) -> None:
    made = project(TEXT)
    before = contents(made.folder)
    made.plan()
    assert contents(made.folder) == before
    made.apply()
    before = contents(made.folder)
    made.plan(destroy=True)
    made.plan(refresh_only=True)
    assert contents(made.folder) == before


def test_planning_twice_gives_the_same_body_byte_for_byte(project: Make) -> None:
    made = project(TEXT + 'Thing("t", tags={"of": b.id}, members=["y", "x"])')
    for _ in range(2):
        one, other = (json.dumps(body(made.plan())) for _ in range(2))
        assert one == other
        made.apply()
        made.cloud.edit("t", tags={"of": "else"})


def test_apply_records_and_a_second_plan_is_empty(project: Make) -> None:
    made = project(TEXT, applied=True)
    state = made.state()
    a, b = state.row("record.a"), state.row("record.b")
    assert a is not None
    assert b is not None
    assert a.values["output"] == {"size": 1, "list": [1, 2]}
    assert b.values["input"] == f"of {a.id}"
    assert b.depends_on == ("record.a",)
    assert state.outputs["a"].value == {"size": 1, "list": [1, 2]}
    assert made.plan().empty()


def test_destroy_empties_the_state(project: Make) -> None:
    made = project(TEXT, applied=True)
    plan = made.plan(destroy=True)
    assert plan.count(Action.DELETE) == 2
    assert made.apply(plan).exit_code == 0
    state = made.state()
    assert (state.rows, state.outputs, state.serial) == ({}, {}, 2)


# --- Plan files -------------------------------------------------------------------------------------------------------


def saved(made: Project, **options: object) -> Path:
    file = made.folder.parent / "a.plan"
    with made.session(**options) as session:
        engine.write_plan(session, engine.plan(session), file)
    return file


def applied(made: Project, file: Path) -> int:
    told = {"environ": made.environ, "clock": made.cloud.clock, "plugins": plugins(made.cloud)}
    session, plan = engine.open_plan(file, Options(), **told)
    with session:
        return engine.apply(session, plan).exit_code


def test_a_plan_file_is_applied_without_running_the_stack(project: Make) -> None:
    made = project(TEXT)
    file = saved(made, variables=("size=7",))
    made.write("raise RuntimeError('the stack was run')")
    assert applied(made, file) == 0
    row = made.state().row("record.a")
    assert row is not None
    assert row.values["input"]["size"] == 7


def test_a_plan_file_needs_not_even_the_stack_to_be_there(project: Make) -> None:
    made = project('s = secret("env:PSK")\nThing("a", psk=s)\nData("d", input=[1, {"x": None}])', PSK="hush")
    file = saved(made)
    assert b"hush" not in file.read_bytes()
    (made.folder / "stack.py").unlink()
    assert applied(made, file) == 0


def test_the_same_plan_file_twice_is_refused(project: Make) -> None:
    made = project(TEXT)
    file = saved(made)
    assert applied(made, file) == 0
    with pytest.raises(Stale) as caught:
        applied(made, file)
    assert caught.value.exit_code == 5


def test_a_plan_file_goes_to_its_own_environment(project: Make) -> None:
    made = project(TEXT)
    file = saved(made, environment="prod")
    assert applied(made, file) == 0
    assert (made.folder / ".haplan" / "prod" / "state.db").exists()
    assert not (made.folder / ".haplan" / "default").exists()


def test_a_plan_for_another_estate_is_refused(project: Make) -> None:
    made = project('Thing("a")')
    file = saved(made)
    made.cloud.name = "other"
    with pytest.raises(OtherEstate, match="this plan belongs to"):
        applied(made, file)


# --- Environments and variables ---------------------------------------------------------------------------------------


def test_each_environment_has_a_state_and_variables_of_its_own(project: Make) -> None:
    made = project(TEXT)
    (made.folder / "env").mkdir()
    (made.folder / "env" / "prod.toml").write_text("size = 5\n")
    made.apply()
    made.apply(environment="prod")
    sizes = [made.state(environment=name).outputs["a"].value["size"] for name in ("default", "prod")]
    assert sizes == [1, 5]


def test_a_name_in_the_file_of_an_environment_that_the_stack_does_not_know_is_an_error(project: Make) -> None:
    made = project('output("x", variable("size", default=1))')
    (made.folder / "env").mkdir()
    (made.folder / "env" / "default.toml").write_text("siez = 5\n")
    with pytest.raises(
        HaplanError, match=r"env/default.toml siez: the stack has no such variable; did you mean 'size'\?"
    ):
        made.plan()


def test_a_variable_comes_from_the_nearest_place(project: Make, tmp_path: Path) -> None:
    made = project('output("x", variable("x", default="default"))', HAPLAN_VAR_x="environment")
    file = tmp_path / "more.toml"

    def value(**options: object) -> str:
        return str(made.plan(**options).outputs[0].after)

    assert value() == "environment"
    (made.folder / "env").mkdir()
    (made.folder / "env" / "default.toml").write_text('x = "env file"')
    assert value() == "env file"
    file.write_text('x = "var file"')
    assert value(variable_files=(str(file),)) == "var file"
    assert value(variable_files=(str(file),), variables=("x=command line",)) == "command line"


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ('variable("size", default=1)', "siez=2", "--var siez: the stack has no such variable; did you mean 'size'"),
        ('variable("size", default=1)', "size=big", "variable 'size': expected int, got 'big' from --var"),
        ('variable("size", default=1)', "size", "--var size: write --var name=value"),
        ('variable("size")', None, "variable 'size': has no value; give --var size=…"),
        ('variable("on", default=True)', "on=yes", "expected bool, got 'yes'"),
    ],
)
def test_a_wrong_variable_is_one_clear_line(project: Make, text: str, given: str | None, words: str) -> None:
    with pytest.raises(HaplanError) as caught:
        project(text).plan(variables=(given,) if given else ())
    assert words in str(caught.value)


def test_lists_and_maps_and_flags_are_given_as_text(project: Make) -> None:
    text = 'output("x", [variable("l", type=list), variable("d", type=dict), variable("f", default=False)])'
    plan = project(text).plan(variables=("l=[1]", 'd={"a": 2}', "f=true"))
    assert plan.outputs[0].after == [[1], {"a": 2}, True]


def test_a_sensitive_variable_is_in_no_file(project: Make) -> None:
    made = project('Thing("a", psk=variable("psk", sensitive=True))')
    plan = made.plan(variables=("psk=hush-hush",))
    made.apply(plan, variables=("psk=hush-hush",))
    assert made.plan(variables=("psk=hush-hush",)).empty()
    assert not made.plan(variables=("psk=other",)).empty()
    assert not any(b"hush-hush" in file.read_bytes() for file in made.folder.rglob("*") if file.is_file())


# --- State ------------------------------------------------------------------------------------------------------------


def test_a_held_lock_refuses_an_apply_with_who_where_and_since_when(project: Make) -> None:
    made = project(TEXT)
    with made.session() as other:
        now = made.cloud.clock.now()
        other.backend.lock(Holder(id="l1", who="bo", where="there", pid=1, what="destroy", since=now, until=now + 60))
        with pytest.raises(Locked, match="locked by bo on there") as caught:
            made.apply()
    assert caught.value.exit_code == 6
    assert made.state().rows == {}


def test_a_run_leaves_its_record_beside_the_state(project: Make) -> None:
    made = project(TEXT)
    plan = made.plan()
    result = made.apply(plan)
    folder = made.folder / ".haplan" / "default" / "runs" / result.run
    kinds = [json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert (kinds[0], kinds[-1], kinds.count("recorded")) == ("run", "run", 2)
    assert (made.state().runs[-1].digest, made.state().runs[-1].result) == (digest(plan), "done")


@pytest.mark.parametrize("act", [Project.plan, Project.apply])
def test_work_grows_with_the_resources_not_with_their_square(tmp_path: Path, act: Callable[[Project], object]) -> None:
    text = 'for n in {0}:\n    Data(f"d{{n}}", input=n)\n'
    one, small, large = (Project(tmp_path / str(size), text.format(mixed(size))) for size in (1, 100, 800))
    act(one)  # what is imported and worked out once is no work of theirs
    assert calls(lambda: act(large)) < 9 * calls(lambda: act(small))


def test_a_resource_that_stays_costs_a_plan_few_calls(tmp_path: Path) -> None:
    text = (
        'above = None\nfor n in {0}:\n    above = Data(f"d{{n:03d}}", input={{"n": n, "above": above and above.id}})\n'
    )
    projects = [Project(tmp_path / str(size), text.format(f"range({size})")) for size in (1, 40, 140)]
    for project in projects:
        project.apply()
    _, small, large = (calls(lambda made=project: made.plan()) for project in projects)  # the first one imports
    assert (large - small) / 100 < CALLS


def test_a_plan_builds_the_graph_of_its_stack_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    build = graph.graph

    def counted(stack: Stack, types: Mapping[str, TypeInfo]) -> Graph:
        built.append(len(stack.blocks))
        return build(stack, types)

    monkeypatch.setattr(graph, "graph", counted)
    made = Project(tmp_path, 'Data("b", input=Data("a").id)\n')
    run = made.apply().run
    made.plan(refresh_only=True)
    assert built == [2, 2]
    made.plan(destroy=True)
    assert built[2:] == [2, 0]  # what is wanted then is another stack, of nothing
    with made.session() as session:
        engine.rollback(session, run)
    assert built[4:] == [2]
