"""haplan traffic"""

import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("traffic")
@options(STACK, COMMON, VARIABLES, JSON)
@click.option("--from", "source", metavar="NETWORK[@SITE]", default="", help="Where it starts.")
@click.option("--to", metavar="DESTINATION", default="", help="An application, or ADDRESS[:PORT[/PROTO]].")
@click.option("--fail", metavar="NAME", multiple=True, help="What fails; all that may, one at a time, if not said.")
@click.option("--site", "sites", metavar="SITE", multiple=True, help="Look at this site; repeat for more.")
@click.option("--failures", type=click.IntRange(1, 2), default=1, show_default=True, help="How many fail at once.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to lay it out.",
)
def command(stack: str, form: str, **given: object) -> None:
    """Say who reaches what, by which path, and what becomes of that when something fails.

    Made of the stack alone: nothing is asked. Equal sites are folded. With --from and --to one flow is explained step
    by step: which policy of how many decides, by which paths it goes, and what becomes of it.

    \b
    Example:
      haplan traffic stacks/hub_spoke_ssr
      haplan traffic stacks/hub_spoke_ssr --from spoke-guest@spoke1-site --to 8.8.8.8:53/udp
    """
    from haplan.model.traffic import Question
    from haplan.report import traffic

    question = Question(
        source=str(given.pop("source")),
        to=str(given.pop("to")),
        fail=_texts(given.pop("fail")),
        sites=_texts(given.pop("sites")),
        at_once=2 if given.pop("failures") == 2 else 1,
    )
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        found = opened.traffic(question)
    if given["as_json"] or form == "json":
        terminal.dump(traffic.traffic_json(found))
    elif form == "markdown":
        terminal.page(traffic.traffic_markdown(found))
    else:
        terminal.show(traffic.traffic_lines(found), given)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()
