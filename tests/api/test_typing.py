"""The interface for programs is typed: a strict type checker takes a program, and refuses what is wrong in one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TYPED = Path(__file__).parent / "typed"


def checked(file: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(cache), str(file)]
    return subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False)


def test_a_program_passes_mypy_strict(tmp_path: Path) -> None:
    done = checked(TYPED / "program.py", tmp_path)
    assert done.returncode == 0, done.stdout


def test_each_mistake_in_a_call_is_refused_where_it_stands(tmp_path: Path) -> None:
    lines = (TYPED / "mistakes.py").read_text().splitlines()
    expected = {
        (number, found[1]) for number, line in enumerate(lines, 1) if (found := re.search(r"# expect: ([\w-]+)", line))
    }
    told = checked(TYPED / "mistakes.py", tmp_path).stdout
    assert {
        (int(line), code) for line, code in re.findall(r"mistakes\.py:(\d+): error: .*\[([\w-]+)\]", told)
    } == expected
