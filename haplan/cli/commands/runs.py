"""haplan runs"""

import attrs
import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, options


@click.command("runs")
@options(STACK, COMMON, JSON)
def command(stack: str, **given: object) -> None:
    """List the runs that wrote, latest last.

    \b
    Example:
      haplan runs stacks/one_pair --lab
    """
    from haplan.report.state import run_lines

    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        found, writing = opened.state.runs(), opened.state.writing()
    if given["as_json"]:
        terminal.dump([attrs.asdict(run) for run in found])
    else:
        terminal.show(run_lines(found, writing=writing), given)
