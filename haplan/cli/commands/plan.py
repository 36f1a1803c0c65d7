"""haplan plan"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import asking, opening
from haplan.cli.options import COMMON, DESTROY, JSON, PLANNING, STACK, VARIABLES, WRITING, options
from haplan.errors import Denied, StackError
from haplan.model.value import Tree


@click.command("plan")
@options(STACK, COMMON, VARIABLES, PLANNING, DESTROY, WRITING, JSON)
@click.pass_context
def command(ctx: click.Context, /, stack: str, **given: object) -> int:
    """Show what an apply would do.

    Writes nothing and takes no lock; --parallelism and --lock-timeout are for the apply that it proposes.

    \b
    Example:
      haplan plan stacks/hub_spoke_ssr --lab --out hub.plan
    """
    asked = asking(given)
    with terminal.session(stack, opening(given), given) as opened:
        try:
            plan = opened.plan(**asked)
        except (Denied, StackError) as error:
            return _refused(error, given)
        flow.show_plan(opened, plan, given, next_step=flow.next_command(ctx, stack, given["out"]))
        flow.write_out(plan, given)
    if plan.refused:
        return flow.DENIED
    same = plan.body.empty() and not plan.drift and not plan.body.unread
    return flow.CHANGES if given["detailed_exitcode"] and not same else 0


def _refused(error: Denied | StackError, given: dict[str, Tree]) -> int:
    """With --json there is one document all the same: why there is no plan."""
    from haplan.report.documents import validation_json

    if not given["as_json"]:
        raise error
    mistakes = error.mistakes if isinstance(error, StackError) else ()
    terminal.dump(validation_json(getattr(error, "findings", ()), mistakes=mistakes))
    return error.exit_code
