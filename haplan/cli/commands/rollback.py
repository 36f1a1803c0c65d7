"""haplan rollback"""

from pathlib import Path

import click

from haplan.cli import completion, flow, terminal
from haplan.cli.given import asking, opening, scope
from haplan.cli.options import ALLOW_COMMAND, APPROVE, COMMON, JSON, REPLACE, SCOPE, STACK, WRITING, options


@click.command("rollback")
@click.option(
    "--to",
    "run",
    metavar="RUN",
    required=True,
    help="The run whose record to go back to.",
    shell_complete=completion.one_of(completion.runs),
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the plan to a file, do nothing.")
@options(STACK, COMMON, SCOPE, REPLACE, WRITING, APPROVE, ALLOW_COMMAND, JSON)
def command(stack: str, run: str, **given: object) -> int:
    """Plan back to what an earlier run recorded.

    The plan is shown, asked about and carried out. The stack is not read: what was recorded then is wanted again. What
    was created since goes, what was deleted since is created anew. `haplan state history` lists the runs.

    \b
    Example:
      haplan rollback stacks/one_pair --to 2026-11-22-47350f0a --lab
    """
    asked, replaces = scope(given), asking(given)["replaces"]
    if given["out"] is None:
        flow.refuse_json_question(given)
        with flow.json_lines(given) as events, terminal.session(stack, opening(given), given, events) as opened:
            return flow.approve_and_apply(opened, opened.rollback(run, replaces=replaces, **asked), given, events)
    with terminal.session(stack, opening(given), given) as opened:
        plan = opened.rollback(run, replaces=replaces, **asked)
        flow.show_plan(opened, plan, given, next_step=f"haplan apply {given['out']}")
        flow.write_out(plan, given)
    return flow.DENIED if plan.errors else 0
