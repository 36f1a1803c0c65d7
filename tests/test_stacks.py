"""The examples are documentation that runs: each gives the plan that stands beside it, and the README shows the first.

``UPDATE_EXPECTED=1`` in the environment writes what is instead of comparing; read the difference before you commit it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UPDATE = bool(os.environ.get("UPDATE_EXPECTED"))
STACKS = sorted(folder.parent.name for folder in (ROOT / "stacks").glob("*/stack.py"))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan", "__pycache__"))
    return tmp_path


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_gives_the_plan_beside_it(copied: Path, name: str) -> None:
    command = [sys.executable, "-m", "haplan", "plan", f"stacks/{name}", "--lab"]
    done = subprocess.run(command, cwd=copied, capture_output=True, text=True, check=False)
    expected = ROOT / "stacks" / name / "plan.txt"
    if UPDATE:
        expected.write_text(done.stdout)
    assert (done.returncode, done.stdout) == (0, expected.read_text())


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_has_a_readme(name: str) -> None:
    assert (ROOT / "stacks" / name / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("file", ["stacks/one_pair/stack.py", "stacks/one_pair/plan.txt"])
def test_the_readme_shows_the_file_as_it_is(file: str) -> None:
    readme, block = (ROOT / "README.md").read_text(), rf"(<!-- {re.escape(file)} -->\n```\w+\n)(.*?)(```)"
    if UPDATE:
        text = (ROOT / file).read_text()
        readme = re.sub(block, lambda found: found[1] + text + found[3], readme, flags=re.DOTALL)
        (ROOT / "README.md").write_text(readme)
    shown = re.search(block, readme, re.DOTALL)
    assert shown is not None
    assert shown[2] == (ROOT / file).read_text()


def test_ci_runs_the_readmes_test_command() -> None:
    commands = re.findall(r"```sh\n(python3 -m venv .*)\n```", (ROOT / "README.md").read_text())
    assert len(commands) == 2
    assert commands[0].endswith("haplan apply stacks/hub_spoke_ssr --lab --auto-approve")
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()
