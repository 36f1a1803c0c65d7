"""haplan wiring"""

import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("wiring")
@options(STACK)
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...")
@options(COMMON, VARIABLES, JSON)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "markdown"]),
    default="text",
    show_default=True,
    help="How to lay it out.",
)
def command(stack: str, clusters: tuple[str, ...], form: str, **given: object) -> None:
    """Say how the boxes of pairs are cabled: every port of both nodes, and where it goes.

    Of the pairs that are named by address or label, globs allowed, or of all. Made of the stack alone: nothing is
    asked. Exit 4 if the stack does not keep a rule.

    \b
    Example:
      haplan wiring stacks/hub_spoke_ssr spoke1 --format markdown
    """
    from haplan.report import wiring

    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        sheets = opened.wiring(clusters)
    if given["as_json"]:
        terminal.dump(wiring.wiring_json(sheets))
    elif form == "text":
        terminal.show(wiring.wiring_lines(sheets), given)
    else:
        terminal.page((wiring.wiring_csv if form == "csv" else wiring.wiring_markdown)(sheets))
