"""haplan import"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import opening
from haplan.cli.options import APPROVE, COMMON, JSON, VARIABLES, WRITING, options, stack_and


@click.command("import")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS ID")
@click.option("--all", "everything", is_flag=True, help="All of the stack that is there with equal values: no ADDRESS.")
@options(COMMON, VARIABLES, WRITING, APPROVE, JSON)
def command(arguments: tuple[str, ...], everything: bool, **given: object) -> int:
    """Take existing objects into state.

    ADDRESS is what the stack calls it, ID what the backend does: an id, or a name. The plan is shown first.

    \b
    Example:
      haplan import stacks/one_pair site.branch 4ac1dcf4-9d8b-7211-65c4-057819f0862b
      haplan import --all stacks/one_pair
    """
    names = () if everything else ("ADDRESS", "ID")
    stack, *about = stack_and(arguments, *names)
    flow.refuse_json_question(given)
    with flow.json_lines(given) as events, terminal.session(stack, opening(given), given, events) as opened:
        plan = opened.import_all() if everything else opened.import_(*about)
        return flow.approve_and_apply(opened, plan, given, events)
