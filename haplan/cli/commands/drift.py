"""haplan drift"""

from typing import Any

import click

from haplan.cli import flow, terminal
from haplan.cli.given import session_options
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("drift")
@options(STACK, COMMON, VARIABLES, JSON)
def command(stack: str, **given: Any) -> int:
    """Report what was changed outside haplan: only what haplan owns. Exit 2 if there is any.

    \b
    Example:
      haplan drift stacks/hub_spoke_ssr --lab
    """
    from haplan import engine
    from haplan.host import provenance
    from haplan.report.documents import drift_json
    from haplan.report.text import drift_report
    from haplan.steps.approve import digest

    with terminal.session(stack, session_options(given), given) as opened:
        plan = engine.drift(opened)
        if given["as_json"]:
            whole = flow.document(plan, digest(plan), provenance.made(opened), opened.plugins)
            terminal.dump(drift_json(whole["resource_drift"]))
        else:
            terminal.show(drift_report(plan), given)
    return flow.CHANGES if plan.drift else 0
