"""haplan drift"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("drift")
@options(STACK, COMMON, VARIABLES, JSON)
@click.option(
    "--deep",
    is_flag=True,
    help="Look at every device's own settings too: a call for each, and it says how many before.",
)
def command(stack: str, **given: object) -> int:
    """Report what was changed outside haplan: only what haplan owns.

    Exit 2 if there is any, or if something could not be read.

    \b
    Example:
      haplan drift stacks/hub_spoke_ssr --lab
    """
    from haplan.report.documents import drift_json
    from haplan.report.text import drift_report

    with terminal.session(stack, opening(given), given) as opened:
        plan = opened.drift(deep=bool(given.pop("deep")))
        if given["as_json"]:
            terminal.dump(drift_json(plan.json(plugins=opened.plugins)))
        else:
            terminal.show(drift_report(plan.body), given)
    return flow.CHANGES if plan.drift or plan.body.unread else 0
