"""haplan state"""

from typing import Any

import click

from haplan.cli import terminal
from haplan.cli.options import COMMON, JSON, STACK, engine_options, options, stack_and
from haplan.errors import HaplanError


@click.group("state")
def command() -> None:
    """Look at what haplan remembers.

    \b
    Example:
      haplan state list stacks/one_pair --lab
    """


@command.command("list")
@options(STACK, COMMON, JSON)
def list_(stack: str, **given: Any) -> None:
    """List the resources in state, with their ids.

    \b
    Example:
      haplan state list stacks/one_pair --lab
    """
    from haplan import engine
    from haplan.report.json import row_json
    from haplan.report.state import list_lines

    with terminal.session(stack, engine_options(given), given, quiet=True) as opened:
        rows = [row for _, row in sorted(engine.read_state(opened).rows.items())]
    if given["as_json"]:
        terminal.dump([row_json(row) for row in rows])
    else:
        terminal.show(list_lines(rows), given)


@command.command("show")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS")
@options(COMMON, JSON)
def show(arguments: tuple[str, ...], **given: Any) -> None:
    """Show all that is remembered of one resource.

    \b
    Example:
      haplan state show stacks/one_pair site.branch --lab
    """
    from haplan import engine
    from haplan.language.record import nearest
    from haplan.report.json import row_json
    from haplan.report.state import row_lines

    stack, address = stack_and(arguments, "ADDRESS")
    with terminal.session(stack, engine_options(given), given, quiet=True) as opened:
        state = engine.read_state(opened)
    row = state.row(address)
    if row is None:
        raise HaplanError(f"{address} is not in state{nearest(address, [key[0] for key in state.rows])}")
    if given["as_json"]:
        terminal.dump(row_json(row))
    else:
        terminal.show(row_lines(row), given)
