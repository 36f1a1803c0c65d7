"""haplan graph"""

import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("graph")
@options(STACK, COMMON, VARIABLES, JSON)
@click.option(
    "--format", "form", type=click.Choice(["dot", "mermaid"]), default="dot", show_default=True, help="What to write."
)
def command(stack: str, form: str, **given: object) -> None:
    """Write the dependency graph: an arrow from what comes first.

    \b
    Example:
      haplan graph stacks/hub_spoke_ssr --format mermaid
    """
    from haplan.report import graph

    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        found, edges = opened.dependencies()
    if given["as_json"]:
        terminal.dump(graph.graph_json(found, edges))
    else:
        terminal.page((graph.dot if form == "dot" else graph.mermaid)(found, edges))
