"""haplan apply"""

from pathlib import Path

import click

from haplan.cli import completion, flow, terminal
from haplan.cli.given import asking, opening
from haplan.cli.options import (
    APPROVE,
    COMMON,
    DESTROY,
    JSON,
    OF_A_FILE,
    PLANNING,
    VARIABLES,
    WRITING,
    given_on_command_line,
    options,
)
from haplan.model.value import Tree


@click.command("apply")
@click.argument("target", default=".", metavar="[STACK or FILE]", shell_complete=completion.file)
@click.option(
    "--resume",
    metavar="RUN",
    default="",
    help="Go on with the plan of a run that did not end.",
    shell_complete=completion.one_of(completion.runs),
)
@options(COMMON, VARIABLES, PLANNING, DESTROY, WRITING, APPROVE, OF_A_FILE, JSON)
@click.pass_context
def command(ctx: click.Context, /, target: str, resume: str, **given: object) -> int:
    """Plan, ask, and carry it out.

    With a FILE that `haplan plan --out` wrote: carry out exactly that plan. A host that neither the environment nor the
    state knows is asked about, or let in by --allow-host; commands for secrets need --allow-command. With --resume:
    what an interrupted run left of the plan that it was given. The options that made the plan are then errors.

    \b
    Example:
      haplan apply stacks/hub_spoke_ssr --lab --auto-approve
    """
    if resume:
        return _resume(ctx, target, resume, given)
    if _is_plan_file(Path(target)):
        return _apply_file(ctx, Path(target), given)
    if given["allow_hosts"]:
        raise click.UsageError("--allow-host is for a plan file; a stack's own hosts need nobody's word")
    flow.refuse_json_question(given)
    asked = asking(given)
    with flow.json_lines(given) as events, terminal.session(target, opening(given), given, events) as opened:
        plan = opened.plan(**asked)
        code = flow.approve_and_apply(opened, plan, given, events)
    changed = code == 0 and not (plan.body.empty() and not plan.body.unread)
    return flow.CHANGES if changed and given["detailed_exitcode"] else code


def _is_plan_file(path: Path) -> bool:
    return not path.is_dir() and path.suffix != ".py" and (path.exists() or path.suffix != "")


def _refuse_options(ctx: click.Context, what: str) -> None:
    wrong = [flag for flag in given_on_command_line(ctx) if flag not in ("--var", "--var-file")]
    if wrong:
        raise click.UsageError(f"{', '.join(wrong)}: {what} has decided that; leave it out, or plan again")


def _resume(ctx: click.Context, stack: str, run: str, given: dict[str, Tree]) -> int:
    _refuse_options(ctx, f"the plan of run {run}")
    if _is_plan_file(Path(stack)):
        raise click.UsageError(f"--resume takes the plan that run {run} kept; give the stack instead of {stack}")
    with flow.json_lines(given) as events, terminal.session(stack, opening(given), given, events) as opened:
        plan = opened.left_of(run)
        terminal.say(f"going on with the plan of run {run}; what it recorded is left out", err=True)
        return flow.carry_out(opened, plan, given, events, resuming=run)


def _apply_file(ctx: click.Context, path: Path, given: dict[str, Tree]) -> int:
    _refuse_options(ctx, f"the plan file {path}")
    from haplan import api

    with flow.json_lines(given) as events:
        plan = api.read_plan(path)
        with terminal.session_of(plan, opening(given), given, events, where=f"{path}: ") as opened:
            return flow.carry_out(opened, plan, given, events)
