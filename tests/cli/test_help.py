"""Help is documentation: each command has a text and an example, and is in the README's table. Starting is quick."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from haplan.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("networkx", "httpx", "rich", "sqlite_utils", "sqlite3", "importlib.metadata", "cattrs", "asyncio", "uvicorn")


def walk(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*before, name)), command
        if isinstance(command, click.Group):
            yield from walk(command, (*before, name))


COMMANDS = dict(walk(cli))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_an_example(name: str) -> None:
    text = COMMANDS[name].help or ""
    assert text.split("\n")[0].endswith(".")
    assert f"Example:\n  haplan {name}" in text.replace("\n      ", "\n  ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="there is no README.md yet")
@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"haplan {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["plan", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom haplan.cli.main import run\n"
        f"code = run({arguments!r})\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "heavy: [] 0\n"
    assert done.stdout


def test_help_lists_the_folder_of_commands() -> None:
    files = {path.stem.rstrip("_") for path in (ROOT / "haplan" / "cli" / "commands").glob("[a-z]*.py")}
    assert files == {name for name in COMMANDS if " " not in name}


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    command = f"{sys.executable} -m haplan.cli.main types | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
