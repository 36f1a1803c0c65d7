"""haplan for programs: plan, look, apply; what it promises of the process that calls it."""

import gc
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from haplan import api
from haplan.host.lock import locked
from haplan.host.session import open_session
from haplan.model.value import Secret

ROOT = Path(__file__).parents[2]
STACK = """
from haplan import Data, output, secret, variable
size = variable("size", default=3)
names = variable("names", type=list, default=["x"])
a = Data("a", input={"size": size, "names": names})
b = Data("b", input=f"after {a.id}")
output("size", size)
"""
Make = Callable[..., Path]


@pytest.fixture
def stack(tmp_path: Path) -> Make:
    def make(text: str = STACK, name: str = "edge") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stack.py").write_text(text)
        return folder

    return make


def test_every_name_of_the_interface_is_there_and_says_what_it_is() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    assert all(getattr(api, name).__doc__ for name in api.__all__ if name not in ("VERSION", "Ask", "Confirm"))
    public = {name for name in vars(api) if not name.startswith("_") and not isinstance(vars(api)[name], type(os))}
    assert public - set(api.__all__) <= {"ASKING", "Any", "Path", "Unpack"}


def test_a_plan_is_looked_at_applied_and_then_empty(stack: Make) -> None:
    folder = stack()
    plan = api.plan(folder, variables={"size": 4, "names": ["y", "z"]})
    assert [(one.address, one.action) for one in plan.changes] == [
        ("record.a", api.Action.CREATE),
        ("record.b", api.Action.CREATE),
    ]
    assert (plan.refused, plan.empty, plan.drift) == ((), False, ())
    result = api.apply(plan)
    assert (result.exit_code, [one.address for one in result.done]) == (0, ["record.a", "record.b"])
    assert result.outputs == {"size": 4}
    assert api.plan(folder, variables={"size": 4, "names": ["y", "z"]}).empty
    assert not api.plan(folder, variables=["size=5", 'names=["y", "z"]']).empty
    assert api.drift(folder).empty


def test_one_address_may_be_given_without_a_list(stack: Make) -> None:
    assert [one.address for one in api.plan(stack(), targets="record.a").changes] == ["record.a"]


def test_a_plan_in_a_file_is_that_plan_and_is_applied_by_another_process(stack: Make, tmp_path: Path) -> None:
    folder, file = stack(), tmp_path / "edge.plan"
    plan = api.plan(folder)
    assert plan.write(file) == plan.digest == api.read_plan(file).digest
    assert api.read_plan(file).json() == plan.json()
    program = f"from haplan import api; raise SystemExit(api.apply({str(file)!r}).exit_code)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    with api.session(folder) as opened:
        assert sorted(row.address for row in opened.state.read().rows.values()) == ["record.a", "record.b"]
        assert [run.digest for run in opened.state.runs()] == [plan.digest]


def test_calls_of_one_session_share_it_and_its_state_can_be_mended(stack: Make) -> None:
    with api.session(stack()) as opened:
        assert opened.apply(opened.plan()).exit_code == 0
        first = opened.state.runs()[-1].id
        opened.state.move("record.b", "record.c")
        assert {one.address for one in opened.plan().changes} == {"record.b", "record.c"}
        assert [one.address for one in opened.plan(targets=["record.b"]).changes] == ["record.b"]
        assert [one.previous_address for one in opened.rollback(first).changes] == ["record.c"]
        assert [chapter.run.command for chapter in opened.state.history()] == ["apply", "state mv"]


def test_a_plan_of_another_stack_or_environment_is_not_applied_here(stack: Make) -> None:
    plan = api.plan(stack(name="other"))
    with (
        api.session(stack()) as opened,
        pytest.raises(api.HaplanError, match="this plan is for stack 'other', environment 'default'; here is 'edge'"),
    ):
        opened.apply(plan)
    mine = api.plan(stack())
    with api.session(stack(), env="shop") as opened, pytest.raises(api.HaplanError, match="environment 'default'"):
        opened.apply(mine)


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda folder: api.plan(folder / "nowhere"), api.HaplanError, 1),
        (lambda folder: api.plan(folder, variables={"sise": 3}), api.HaplanError, 1),
        (lambda folder: api.plan(folder, env="../shop"), api.HaplanError, 1),
        (lambda folder: api.plan(folder, env="shop", lab=True), api.HaplanError, 1),
        (lambda folder: api.plan(folder, env="lab"), api.HaplanError, 1),
        (lambda folder: api.plan(folder, destroy=True, refresh_only=True), api.HaplanError, 1),
        (lambda folder: api.plan(folder, refresh_only=True, refresh=False), api.HaplanError, 1),
        (lambda folder: api.plan(folder, state="nosuch://x"), api.PluginError, 1),
        (lambda folder: api.read_plan(folder / "stack.py"), api.PlanFileError, 1),
        (lambda folder: api.apply(folder / "no.plan"), api.PlanFileError, 1),
        (lambda folder: api.plan(folder).write(folder), api.HaplanError, 1),
        (lambda folder: [api.apply(plan) for plan in [api.plan(folder)] * 2], api.Stale, 5),
    ],
)
def test_what_can_be_expected_is_an_error_with_the_exit_code(
    stack: Make, call: Callable[[Path], object], error: type[api.HaplanError], code: int
) -> None:
    with pytest.raises(error) as raised:
        call(stack())
    assert raised.value.exit_code == code


def test_mistakes_of_a_stack_are_all_in_its_error(stack: Make) -> None:
    with pytest.raises(api.StackError) as raised:
        api.plan(stack("from haplan import Data\nData('a', inputt=1)\nData('b', inputt=1)\n"))
    assert (raised.value.exit_code, len(raised.value.mistakes)) == (1, 2)


def test_a_limit_denies_an_apply_and_the_plan_says_so_before(stack: Make) -> None:
    folder = stack()
    api.apply(api.plan(folder))
    stack("from haplan import limits\nlimits(max_deletes=1)\n")
    plan = api.plan(folder)
    assert plan.refused == ("limits(max_deletes=1): this plan has 2; raise it in the stack, or use --target",)
    with pytest.raises(api.Denied) as raised:
        api.apply(plan)
    assert raised.value.exit_code == 4


def test_a_state_that_somebody_else_writes_is_locked(stack: Make) -> None:
    folder = stack()
    plan = api.plan(folder)
    with open_session(folder) as other, locked(other, "a test"), pytest.raises(api.Locked) as raised:
        api.apply(plan)
    assert raised.value.exit_code == 6


def test_a_file_that_cannot_be_written_is_an_expected_error(stack: Make) -> None:
    folder = stack()
    plan = api.plan(folder)
    (folder / ".haplan").write_text("in the way")
    with pytest.raises(api.HaplanError, match=r"\.haplan"):
        api.apply(plan)


def test_an_error_that_is_caught_within_a_session_holds_no_secret(stack: Make) -> None:
    folder = stack('from haplan import Data, secret\nData("a", input=secret("env:TOKEN"))\n')
    with api.session(folder, environ={"TOKEN": "hush-hush-1"}) as opened:
        opened._inner.secrets.reveal(Secret("env:TOKEN").source)
        with pytest.raises(RuntimeError) as raised:
            opened._do(lambda: (_ for _ in ()).throw(RuntimeError("it said hush-hush-1")))
    assert str(raised.value) == "it said (sensitive)"


# --- Events and stopping ----------------------------------------------------------------------------------------------


def test_events_are_told_to_whoever_asked_of_a_session_or_of_one_apply(stack: Make) -> None:
    all_of_it: list[api.Event] = []
    of_one: list[api.Event] = []
    with api.session(stack(), on_event=all_of_it.append) as opened:
        plan = opened.plan()
        assert opened.apply(plan, on_event=[of_one.append]).exit_code == 0
        opened.plan()
    assert [event.data["state"] for event in of_one if event.kind == "run"] == ["started", "ended"]
    assert all_of_it[0].kind == "phase"
    told = [event for event in all_of_it if event in of_one]
    assert told == of_one
    assert len(all_of_it) > len(of_one)


def test_an_apply_that_is_asked_to_stop_begins_nothing_new(stack: Make) -> None:
    folder, stop = stack(), threading.Event()
    plan = api.plan(folder)
    result = api.apply(plan, stop=stop, on_event=lambda event: stop.set() if event.kind == "run" else None)
    assert result.exit_code == 7
    assert [one.address for one in result.done] == []
    assert api.apply(api.plan(folder)).exit_code == 0


def test_an_apply_that_is_asked_to_stop_while_it_waits_for_the_lock_never_begins(stack: Make) -> None:
    folder, stop = stack(), threading.Event()
    plan = api.plan(folder)

    def told(event: api.Event) -> None:
        if "waiting for the lock" in event.text:
            stop.set()

    with open_session(folder) as other, locked(other, "a test"), pytest.raises(api.Interrupted) as raised:
        api.apply(plan, stop=stop, lock_timeout=60, on_event=told)
    assert raised.value.exit_code == 7
    assert api.session(folder).state.runs() == ()


# --- Threads, processes, the process that calls -----------------------------------------------------------------------


def process_state() -> dict[str, object]:
    """What a call might change of its process."""
    return {
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "environ": dict(os.environ),
        "folder": os.getcwd(),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (sys.excepthook, threading.excepthook, sys.displayhook),
        "finders": list(sys.meta_path),
        "path": list(sys.path),
        "threads": threading.active_count(),
        "collector": gc.get_threshold(),
        "warnings": list(warnings.filters),
        "logging": {
            name: (one.level, list(one.handlers), one.propagate, one.disabled)
            for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "asyncssh", "httpx", "haplan")
            for one in [logging.getLogger(name)]
        },
        "stacks": [name for name in sys.modules if "edge" in name],
    }


def test_a_call_leaves_its_process_as_it_was_and_prints_nothing(stack: Make, capfd: pytest.CaptureFixture[str]) -> None:
    folder = stack()
    before = process_state()
    plan = api.plan(folder)
    api.apply(plan)
    api.drift(folder)
    api.validate(folder)
    with pytest.raises(api.Stale):
        api.apply(plan)
    assert process_state() == before
    assert capfd.readouterr() == ("", "")


def rolled_out(folder: Path, size: int) -> tuple[int, object, bool]:
    """Plan, apply and plan again, each in a session of its own."""
    plan = api.plan(folder, variables={"size": size})
    result = api.apply(plan)
    return result.exit_code, result.outputs["size"], api.plan(folder, variables={"size": size}).empty


def test_threads_plan_and_apply_at_once_each_its_own(stack: Make) -> None:
    folders = [stack(name=f"edge{number}") for number in range(24)]
    before = process_state()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(rolled_out, folders, range(24)))
    assert found == [(0, number, True) for number in range(24)]
    assert process_state() == before
    for number, folder in enumerate(folders):
        with api.session(folder) as opened:
            row = opened.state.read().row("record.a")
            assert row is not None
            assert row.values["input"] == {"size": number, "names": ["x"]}


def test_threads_apply_to_simulators_at_once_each_to_its_own(stack: Make) -> None:
    text = (ROOT / "stacks" / "one_pair" / "stack.py").read_text()
    folders = [stack(text.replace('"branch"', f'"branch{number}"'), name=f"edge{number}") for number in range(4)]

    def simulated(folder: Path) -> tuple[int, bool]:
        result = api.apply(api.plan(folder, lab=True, environ={}), environ={})
        return result.exit_code, api.plan(folder, lab=True, environ={}).empty

    before = process_state()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(simulated, folders)) == [(0, True)] * 4
    assert process_state() == before


def test_threads_that_apply_to_one_state_wait_for_each_other(stack: Make) -> None:
    folder = stack()
    plans = [api.plan(folder, targets=["record.a"], variables={"size": number}) for number in range(4)]

    def applied(plan: api.Plan) -> int:
        try:
            return api.apply(plan, lock_timeout=60).exit_code
        except api.Stale as error:
            return error.exit_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(applied, plans)) == [0, 5, 5, 5]


def test_processes_plan_and_apply_at_once_each_its_own(stack: Make) -> None:
    program = (
        "import sys; from pathlib import Path; from haplan import api\n"
        "size = int(sys.argv[2])\n"
        "result = api.apply(api.plan(sys.argv[1], variables={'size': size}))\n"
        "raise SystemExit(result.exit_code or result.outputs['size'] != size)\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(stack(name=f"edge{number}")), str(number)])
        for number in range(4)
    ]
    assert [process.wait(timeout=120) for process in started] == [0] * 4


def test_the_example_of_the_readme_runs(stack: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"## From a program\n.*?```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    folder = stack((ROOT / "stacks" / "one_pair" / "stack.py").read_text(), name="stacks/one_pair")
    monkeypatch.chdir(folder.parent.parent)
    told: dict[str, object] = {}
    exec(example, told)
    assert told["result"].exit_code == 0  # type: ignore[attr-defined]
    assert len(told["result"].done) == 7  # type: ignore[attr-defined]
