"""haplan plan"""

from typing import Any

import click

from haplan.cli import flow, terminal
from haplan.cli.options import COMMON, DESTROY, JSON, PLANNING, STACK, VARIABLES, engine_options, options


@click.command("plan")
@options(STACK, COMMON, VARIABLES, PLANNING, DESTROY, JSON)
@click.pass_context
def command(ctx: click.Context, /, stack: str, **given: Any) -> int:
    """Show what an apply would do. Writes nothing and takes no lock.

    \b
    Example:
      haplan plan stacks/hub_spoke_ssr --lab --out hub.plan
    """
    from haplan import engine

    with terminal.session(stack, engine_options(given), given) as opened:
        plan = engine.plan(opened)
        flow.show_plan(opened, plan, given, next_step=flow.next_command(ctx, stack, given["out"]))
        flow.write_out(opened, plan, given)
    if flow.errors(plan):
        return flow.DENIED
    return flow.CHANGES if given["detailed_exitcode"] and not (plan.empty() and not plan.drift) else 0
