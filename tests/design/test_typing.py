"""A stack passes a strict type checker as a user's file."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TYPED = Path(__file__).parent / "typed"


def test_every_block_and_helper_loads(load_folder: Any) -> None:
    assert len(load_folder(TYPED).blocks) == 14


@pytest.mark.parametrize(
    ("place", "flags"),
    [(TYPED / "stack.py", []), (ROOT / "stacks", ["--explicit-package-bases"])],
    ids=["every helper", "stacks"],
)
def test_stacks_pass_mypy_strict(place: Path, flags: list[str], tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *flags, str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
