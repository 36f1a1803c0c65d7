"""haplan destroy"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import asking, opening
from haplan.cli.options import APPROVE, COMMON, JSON, PLANNING, STACK, VARIABLES, WRITING, options


@click.command("destroy")
@options(STACK, COMMON, VARIABLES, PLANNING, WRITING, APPROVE, JSON)
def command(stack: str, **given: object) -> int:
    """Plan to have everything gone, ask, and carry it out. Devices stay in the inventory, unassigned.

    \b
    Example:
      haplan destroy stacks/hub_spoke_ssr --lab
    """
    flow.refuse_json_question(given)
    asked = asking(given, destroy=True)
    with flow.json_lines(given) as events, terminal.session(stack, opening(given), given, events) as opened:
        plan = opened.plan(**asked)
        code = flow.approve_and_apply(opened, plan, given, events)
    changed = code == 0 and not (plan.body.empty() and not plan.body.unread)
    return flow.CHANGES if changed and given["detailed_exitcode"] else code
