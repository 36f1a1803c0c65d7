"""Help is documentation: each command has a text and an example, and is in the README's table. Starting is quick."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from haplan import errors
from haplan.cli import flow
from haplan.cli.main import cli
from haplan.errors import HaplanError
from haplan.steps.apply.outcome import CODES

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
COMMON = "env new-env state lab no-color log"
SCOPE = "var var-file no-refresh target exclude replace"
PLANNING = f"{SCOPE} refresh-only check-on-device out detailed-exitcode full destroy json"
WRITING = "parallelism lock-timeout auto-approve json"
OPTIONS = {
    "init": "provider",
    "validate": f"{COMMON} var var-file json",
    "plan": f"{COMMON} {PLANNING} parallelism lock-timeout",
    "show": f"{COMMON} json format full serial",
    "apply": f"{COMMON} {PLANNING} {WRITING} resume allow-host allow-command",
    "destroy": f"{COMMON} {PLANNING} {WRITING}",
    "drift": f"{COMMON} var var-file json deep",
    "import": f"{COMMON} {WRITING} var var-file all",
    "state list": f"{COMMON} json serial",
    "state show": f"{COMMON} json serial",
    "state mv": f"{COMMON} json lock-timeout",
    "state rm": f"{COMMON} json lock-timeout",
    "state taint": f"{COMMON} json lock-timeout",
    "state untaint": f"{COMMON} json lock-timeout",
    "state history": f"{COMMON} json last",
    "state prune": f"{COMMON} json lock-timeout keep",
    "state pull": COMMON,
    "state push": f"{COMMON} json lock-timeout",
    "state recover": f"{COMMON} json lock-timeout",
    "rollback": f"{COMMON} {WRITING} to out target exclude replace no-refresh allow-command",
    "runs": f"{COMMON} json keep lock-timeout",
    "output": f"{COMMON} json",
    "graph": f"{COMMON} var var-file format json",
    "unlock": f"{COMMON} json",
    "plugins": "no-color json",
    "types": "no-color json",
    "rules": "no-color json",
    "approve": "key ticket comment expires",
    "reject": "key ticket comment",
    "verify": "json",
    "wiring": f"{COMMON} var var-file format json",
    "traffic": f"{COMMON} var var-file from to fail site failures format json",
    "health": f"{COMMON} var var-file json strict",
    "snapshot": f"{COMMON} var var-file json out compare",
    "lab": f"{COMMON} var var-file port tls",
}
"""What users, scripts and completion rely on: an option may come, none may go."""
DOCS = ("README.md", "CONTRIBUTING.md", "providers/README.md", "haplan/report/README.md", "stacks/README.md",
        *(f"stacks/{one}/README.md" for one in ("one_pair", "hub_spoke_ssr", "hub_spoke_srx")))  # fmt: skip


def options_of(name: str) -> set[str]:
    return {flag for one in COMMANDS[name].params if isinstance(one, click.Option) for flag in one.opts}


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


def test_who_checks_a_stack_imports_no_client_of_a_network() -> None:
    script = (
        "import sys\nfrom haplan.cli.main import run\n"
        f"code = run(['validate', {str(ROOT / 'stacks' / 'one_pair')!r}])\n"
        "print([name for name in ('asyncio', 'asyncssh', 'httpx') if name in sys.modules], code, file=sys.stderr)\n"
        "print([name for name in ('haplan_mist', 'haplan_srx', 'haplan_ssr') if name not in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.splitlines()[-1] == "[] 0"
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_of_options_has_every_command() -> None:
    assert set(OPTIONS) == {name for name, command in COMMANDS.items() if not isinstance(command, click.Group)}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_command_has_the_options_that_are_relied_on(name: str) -> None:
    flags = {f"--{word}" for word in OPTIONS[name].split()} - ({"--destroy"} if name == "destroy" else set())
    assert options_of(name) == flags
    done = CliRunner().invoke(cli, [*name.split(), "--help"], prog_name="haplan")
    assert done.exit_code == 0
    assert all(flag in done.output for flag in flags)
    assert max(map(len, done.output.splitlines())) <= 100


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "init"])
def test_the_example_of_the_help_is_one_that_click_takes(name: str) -> None:
    (line,) = re.findall(r"Example:\n\s+haplan (.+)", COMMANDS[name].help or "")
    words = shlex.split(line.partition(" > ")[0])[len(name.split()) :]
    COMMANDS[name].make_context("haplan", words).close()


@pytest.mark.parametrize("file", DOCS)
def test_what_documents_tell_to_type_exists(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for line in re.findall(r"\bhaplan ((?:state )?[a-z]+(?: [^`\n|#&)]*)?)", text):
        words = line.split()
        name = " ".join(words[:2]) if words[0] == "state" and len(words) > 1 else words[0]
        if name not in OPTIONS:
            continue
        for flag in (word.rstrip(".,;:") for word in words if word.startswith("--")):
            assert flag.partition("=")[0] in options_of(name), f"{file}: haplan {line}"


def test_the_readme_has_every_exit_code() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), re.M)}
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, HaplanError)}
    assert {one.exit_code for one in classes} | {0, flow.CHANGES, flow.DENIED, flow.INTERRUPTED} | set(CODES) == codes
    tree = {(name, int(code)) for name, code in re.findall(r"(\w+) {4,}(\d+)  ", errors.__doc__ or "")}
    assert tree == {(one.__name__, one.exit_code) for one in classes}


def test_help_lists_the_folder_of_commands() -> None:
    files = {path.stem.rstrip("_") for path in (ROOT / "haplan" / "cli" / "commands").glob("[a-z]*.py")}
    assert files == {name for name in COMMANDS if " " not in name}


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    command = f"{sys.executable} -m haplan.cli.main types | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
