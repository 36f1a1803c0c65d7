"""What plan, apply, destroy and import share: showing a plan, asking, carrying it out."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from haplan.cli import terminal
from haplan.cli.options import OF_A_PLAN
from haplan.cli.signals import Interruptible
from haplan.errors import Denied, HaplanError
from haplan.model.value import Tree
from haplan.state.location import shown

if TYPE_CHECKING:
    from haplan.api import Plan, Session, Stopping
    from haplan.report.progress import JsonLines

CHANGES, DENIED, INTERRUPTED, RED = 2, 4, 7, 10
_OF_THE_APPLY = ("environment", "new_env", "state", "lab", "parallelism", "lock_timeout")
_NOT_FOR_APPLY = frozenset({"out", "detailed_exitcode", "full"})


def show_plan(opened: "Session", plan: "Plan", given: Mapping[str, Tree], *, next_step: str = "") -> None:
    """A plan on stdout, as text or JSON."""
    full = bool(given.get("full"))
    if given.get("as_json"):
        terminal.dump(plan.json(state=opened.state.read() if full else None, plugins=opened.plugins))
        return
    from haplan.report.text import plan_lines

    refused = "; ".join(plan.over_limits)
    terminal.show(plan_lines(plan.body, next_step=next_step, refused=refused, full=full), given)


def next_command(ctx: click.Context, stack: str, out: Any) -> str:
    """The command that carries a plan out, with the options that made it; values of variables are not repeated."""
    if out:
        return shlex.join(["haplan", "apply", str(out)])
    words = ["haplan", "apply", *([stack] if stack != "." else [])]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        given = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        kept = name in OF_A_PLAN - _NOT_FOR_APPLY or name in _OF_THE_APPLY
        if given and kept and isinstance(parameter, click.Option):
            words += _again(parameter, ctx.params[name])
    return " ".join(word if word.endswith("=…") else shlex.quote(word) for word in words)


def _again(option: click.Option, value: Tree) -> list[str]:
    flag = max(option.opts, key=len)
    if option.is_flag:
        return [flag]
    values = value if isinstance(value, tuple) else (value,)
    if option.name == "variables":
        values = tuple(str(one).partition("=")[0] + "=…" for one in values)
    elif option.name == "state":
        values = tuple(shown(one) for one in values)
    return [word for one in values for word in (flag, f"{one:g}" if isinstance(one, float) else str(one))]


def refuse_json_question(given: Mapping[str, Tree]) -> None:
    """With ``--json`` nobody can read the plan before the question.

    Raises:
        click.UsageError: ``--auto-approve`` is missing.
    """
    if given.get("as_json") and not given.get("auto_approve"):
        raise click.UsageError("--json shows no plan to say yes to; add --auto-approve, or apply a plan file")


def approve_and_apply(opened: "Session", plan: "Plan", given: Mapping[str, Tree], events: "JsonLines | None") -> int:
    """Show a plan, ask, and carry it out."""
    if events is None:
        show_plan(opened, plan, given)
    forbidden = _forbidden(plan)
    if forbidden:
        raise Denied(forbidden)
    write_out(plan, given)
    if not plan.empty:
        from haplan.report.question import question

        terminal.approve(question(plan.body), bool(given.get("auto_approve")))
        return carry_out(opened, plan, given, events)
    if events is not None:
        from haplan.report.documents import unread_json

        left = unread_json(plan.body)
        text = f"no changes, {len(left)} left out" if left else "no changes"
        events.end(text, {"exit_code": 0, **({"left_out": left} if left else {})})
    return 0


def _forbidden(plan: "Plan") -> str:
    """Why no answer to the question could let this plan be carried out; "" when one can."""
    from haplan.report import words

    errors = len(plan.errors)
    if errors:
        return (
            f"{words.plural(errors, 'error')} {'forbids' if errors == 1 else 'forbid'} this plan; nothing was changed"
        )
    return "\n".join(plan.over_limits)


def write_out(plan: "Plan", given: Mapping[str, Tree]) -> None:
    """Write the plan file that ``--out`` asks for."""
    if given.get("out"):
        digest = plan.write(given["out"])
        terminal.say(f"plan written to {given['out']} ({digest})", err=True)


def carry_out(
    opened: "Session", plan: "Plan", given: Mapping[str, Tree], events: "JsonLines | None", resuming: str = ""
) -> int:
    """Carry out an approved plan, or what a run left of it, and say what came of it."""
    from haplan.report.documents import result_json
    from haplan.report.lines import BLANK, plain
    from haplan.report.result import result_lines

    with Interruptible(opened.warn) as person:
        told: Stopping = {"stop": person.stop, "on_event": person}
        result = opened.resume(resuming, **told) if resuming else opened.apply(plan, **told)
    sensitive = [one.name for one in plan.body.outputs if one.sensitive]
    lines = result_lines(result, sensitive, simulated=plan.body.environment == "lab")
    if events is not None:
        events.end(plain(lines[:1]).strip(), result_json(result, sensitive))
    else:
        terminal.show([BLANK, *lines], given)
    return int(result.exit_code)


@contextlib.contextmanager
def json_lines(given: Mapping[str, Tree]) -> Iterator["JsonLines | None"]:
    """The observer behind ``--json``; None without it. The last line is a summary, also of an error."""
    if not given.get("as_json"):
        yield None
        return
    from haplan.report.progress import JsonLines

    events = JsonLines(sys.stdout)
    try:
        yield events
    except HaplanError as error:
        events.end(str(error), {"exit_code": error.exit_code})
        raise
    except KeyboardInterrupt:
        events.end("interrupted", {"exit_code": INTERRUPTED})
        raise
