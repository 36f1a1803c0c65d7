"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from haplan.cli import completion

ADDRESS = completion.one_of(completion.addresses)
C = TypeVar("C", bound=Callable[..., Any])


def _addresses(flag: str, name: str, text: str) -> Callable[[C], C]:
    return click.option(flag, name, metavar="ADDRESS", multiple=True, help=text, shell_complete=ADDRESS)


NO_COLOR = click.option("--no-color", is_flag=True, help="Plain text, as with NO_COLOR set.")
COMMON = (
    click.option(
        "--env",
        "environment",
        metavar="NAME",
        help="Own state; variables from env/NAME.toml.",
        shell_complete=completion.one_of(completion.environments),
    ),
    click.option("--new-env", "new_env", is_flag=True, help="NAME may be one that nothing knows yet."),
    click.option("--state", metavar="URL", default="", help="Where state is kept; else HAPLAN_STATE says it."),
    click.option("--lab", is_flag=True, help="Work on simulators, with a state of their own."),
    NO_COLOR,
    click.option("--log", metavar="FILE", type=click.Path(path_type=Path), help="Write each request, redacted."),
)
SERIAL = click.option(
    "--serial",
    metavar="N",
    type=click.IntRange(min=1),
    default=None,
    help="As the run of this serial left it; haplan runs tells them.",
)
VARIABLES = (
    click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Value of a variable; repeat."),
    click.option("--var-file", "variable_files", metavar="FILE", multiple=True, help="TOML or JSON; repeat."),
)
WRITING = (
    click.option(
        "--parallelism",
        metavar="N",
        type=click.IntRange(min=1),
        default=10,
        show_default=True,
        help="Most writes at once.",
    ),
    click.option(
        "--lock-timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=0.0,
        help="Wait so long for the lock.",
    ),
)
SCOPE = (
    click.option("--no-refresh", is_flag=True, help="Trust the state instead of reading the estate."),
    _addresses("--target", "targets", "Only this and its needs; globs; repeat."),
    _addresses("--exclude", "excludes", "All but this; globs; repeat."),
)
REPLACE = _addresses("--replace", "replaces", "Replace this; globs; repeat.")
PLANNING = (
    *SCOPE,
    REPLACE,
    click.option("--check-on-device", is_flag=True, help="Let devices check the plan; leaves nothing behind there."),
    click.option("--refresh-only", is_flag=True, help="Only see what moved outside haplan; applied, state takes it."),
    click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the plan to a file for apply."),
    click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes or drift."),
    click.option("--full", is_flag=True, help="Fold nothing; with --json list what does not change too."),
)
DESTROY = click.option("--destroy", is_flag=True, help="Plan to have everything gone.")
ALLOW_COMMAND = click.option(
    "--allow-command", is_flag=True, help="Commands may run that secrets of a plan file or of the state come from."
)
OF_A_FILE = (
    click.option(
        "--allow-host",
        "allow_hosts",
        metavar="GLOB",
        multiple=True,
        help="A plan file may send to such hosts, whoever else knows them; repeat.",
    ),
    ALLOW_COMMAND,
)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="JSON on stdout: one document, or a line an event while it runs."
)
APPROVE = click.option("--auto-approve", is_flag=True, help="Answer every question of this plan with yes.")
STACK = click.argument("stack", default=".", metavar="[STACK]", shell_complete=completion.file)

OF_A_PLAN = frozenset({
    "destroy", "no_refresh", "targets", "excludes", "replaces", "refresh_only", "check_on_device", "out",
    "detailed_exitcode", "full", "variables", "variable_files",
})  # fmt: skip
"""Parameters that say what a plan is; a plan file has answered them already."""


def options(*groups: Any) -> Callable[[C], C]:
    """One decorator from several options and groups of them, listed in that order by ``--help``."""
    flat = [option for group in groups for option in (group if isinstance(group, tuple) else (group,))]

    def decorate(function: C) -> C:
        for option in reversed(flat):
            function = option(function)
        return function

    return decorate


def given_on_command_line(ctx: click.Context) -> list[str]:
    """The plan's options that stand on the command line, as they are written there."""
    source = click.core.ParameterSource.COMMANDLINE
    return [
        max(parameter.opts, key=len)
        for parameter in ctx.command.params
        if parameter.name in OF_A_PLAN and ctx.get_parameter_source(parameter.name or "") is source
    ]


def refuse_turned(arguments: tuple[str, ...]) -> None:
    """Refuse a stack that stands last and not first.

    Raises:
        click.UsageError: It does; the line says the order.
    """
    first, last = Path(arguments[0]), Path(arguments[-1])
    if len(arguments) > 1 and not first.exists() and (last / "stack.py").is_file():
        raise click.UsageError(f"the stack stands first: {' '.join([str(last), *arguments[:-1]])}")


def stack_and(arguments: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """``[STACK] NAME…``: the last ones are the names; one more before them is the stack.

    Raises:
        click.UsageError: Too few or too many.
    """
    if len(arguments) == len(names):
        return (".", *arguments)
    if len(arguments) == len(names) + 1:
        refuse_turned(arguments)
        return arguments
    raise click.UsageError(f"expected {' '.join(('[STACK]', *names))}, got {len(arguments)} arguments")
