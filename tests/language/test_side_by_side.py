"""Stacks loaded and planned at once, by threads and by processes: each is its own, and nobody else notices.

The stacks are as alike as can be: the same names of files, modules and functions, and each says a number of its own in
every place.
"""

import io
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent

import pytest

from haplan import engine
from haplan.errors import StackError
from haplan.host.session import open_session
from haplan.testing import Cloud, plugins
from tests.turns import THREADS, often

STACKS = 40
FILES = {
    "stack-{n}/stack.py": """
        from haplan import *
        from .own import NUMBER, made
        from .folder.deep import DEEP
        from ..shared_{n}.more import Kind, again
        print(f"this is {{NUMBER}}\\n", end="")
        for row in rows("rows.csv"):
            Data(f"row-{{row['number']}}", input=row["number"])
        made()
        assert again() is Kind  # one class, by whichever way it was imported
        Data(f"deep-{{DEEP}}", input=[NUMBER, DEEP])
        output("number", NUMBER)
        """,
    "stack-{n}/own.py": """
        import time
        NUMBER = {n}
        time.sleep(0)  # another thread's turn
        def made():
            from haplan import Data
            from .late import LATE  # imported when it is called
            Data(f"late-{{LATE}}", input=[NUMBER, LATE])
        """,
    "stack-{n}/late.py": """
        LATE = {n}
        """,
    "stack-{n}/folder/deep.py": """
        from ..own import NUMBER
        DEEP = NUMBER
        """,
    "stack-{n}/rows.csv": """
        number
        {n}
        """,
    "stack-{n}/broken/stack.py": """
        from haplan import *
        from ..own import NUMBER
        Data(f"wrong-{{NUMBER}}", nothing=NUMBER)
        raise ValueError(NUMBER)
        """,
    "shared_{n}/more.py": """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import get_type_hints
        @dataclass
        class Kind:
            one: int = {n}
        assert get_type_hints(Kind) == {{"one": int}}  # both look the module up by its name
        def again():
            from ..shared_{n}.more import Kind
            return Kind
        """,
}


def write(root: Path, number: int) -> Path:
    """A stack in which everything is this number."""
    for name, text in FILES.items():
        file = root / name.format(n=number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text.format(n=number)).lstrip())
    return root / f"stack-{number}"


def is_own(folder: Path) -> int:
    """Plan a stack: nothing in the plan is another's. Gives its number."""
    number = int(folder.name.removeprefix("stack-"))
    with open_session(folder, plugins=plugins(Cloud()), environ={}) as session:
        plan = engine.plan(session)
    wanted = {"row": str(number), "late": [number, number], "deep": [number, number]}
    assert {change.address: (change.after or {})["input"] for change in plan.changes} == {
        f"record.{name}-{number}": value for name, value in wanted.items()
    }
    assert [out.after for out in plan.outputs] == [number]
    assert {Path(name).parts[0] for name in plan.inputs} == {f"stack-{number}", f"shared_{number}"}
    return number


def all_own(folders: Sequence[Path]) -> list[int]:
    """Plan one after the other."""
    return [is_own(folder) for folder in folders]


def is_own_mistake(folder: Path) -> int:
    """Load a stack with mistakes: they are its own, by file and line."""
    number = int(folder.name.removeprefix("stack-"))
    session = open_session(folder / "broken", plugins=plugins(Cloud()), environ={})
    with session, pytest.raises(StackError) as caught:
        engine.validate(session)
    first, second = caught.value.mistakes
    assert first.startswith(f"stack.py:3: record.wrong-{number}: unknown keyword 'nothing'")
    assert second == f"stack.py:4: ValueError: {number}"
    return number


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    return [write(tmp_path, number) for number in range(STACKS)]


def process() -> tuple[object, list[object], set[str]]:
    """What belongs to everybody in this process: the stream, who finds modules, and the modules and folders by name."""
    names = {name for name in [*sys.modules, *sys.path_importer_cache] if "stack" in name}
    return sys.stdout, list(sys.meta_path), names


@pytest.mark.usefixtures(often.__name__)
def test_threads_plan_stacks_at_once_and_each_plan_is_its_own(folders: list[Path]) -> None:
    out, err = io.StringIO(), io.StringIO()
    turns = [random.Random(thread).sample(folders, STACKS) for thread in range(THREADS)]
    with redirect_stdout(out), redirect_stderr(err), ThreadPoolExecutor(THREADS) as threads:
        before = process()
        numbers = [number for done in threads.map(all_own, turns) for number in done]
        assert process() == before
    assert sorted(numbers) == sorted([*range(STACKS)] * THREADS)
    assert out.getvalue() == ""
    assert sorted(err.getvalue().splitlines()) == sorted([f"this is {number}" for number in range(STACKS)] * THREADS)


@pytest.mark.usefixtures(often.__name__)
def test_threads_are_told_the_mistakes_of_their_own_stack(folders: list[Path]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        assert list(threads.map(is_own_mistake, folders)) == list(range(STACKS))


def test_one_stack_loaded_by_many_threads_is_the_same_in_each(folders: list[Path]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(is_own, folders[:1] * STACKS)) == {0}


def test_processes_plan_stacks_at_once_and_each_plan_is_its_own(folders: list[Path]) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        assert list(processes.map(is_own, folders)) == list(range(STACKS))
