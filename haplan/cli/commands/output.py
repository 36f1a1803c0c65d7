"""haplan output"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haplan.cli import completion, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, options, refuse_turned
from haplan.errors import HaplanError

if TYPE_CHECKING:
    from haplan.model.state import OutputRow


@click.command("output")
@click.argument(
    "arguments", nargs=-1, metavar="[STACK] [NAME]", shell_complete=completion.one_of(completion.outputs, or_file=True)
)
@options(COMMON, JSON)
def command(arguments: tuple[str, ...], **given: object) -> None:
    """Show the recorded outputs, or one.

    With NAME that output's value alone: into a pipe or a file as it is, on a terminal with control characters by their
    numbers. One argument that is a stack's folder or file is the STACK. Sensitive ones are listed as (sensitive), and
    asking for one by NAME is an error: state keeps its fingerprint, never its value.

    \b
    Example:
      haplan output stacks/one_pair branch_device_id --lab
    """
    from haplan.language.record import nearest
    from haplan.report.documents import outputs_json
    from haplan.report.state import output_lines

    stack, name = _which(arguments)
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        outputs = opened.state.look().outputs
    if name and name not in outputs:
        raise HaplanError(f"no output {name!r} is recorded{nearest(name, outputs)}")
    if name and outputs[name].sensitive:
        raise HaplanError(
            f"output {name} is sensitive: state keeps its fingerprint, not its value{_sources(outputs[name])}"
        )
    if given["as_json"]:
        found = outputs_json(outputs)
        terminal.dump(found[name]["value"] if name else found)
    elif not name:
        terminal.show(output_lines(outputs), given)
        if not outputs:
            terminal.say("no outputs are recorded", err=True)
    else:
        value = outputs_json(outputs)[name]["value"]
        terminal.dump(value) if not isinstance(value, str) else terminal.value(value)


def _sources(output: "OutputRow") -> str:
    """Where a person finds the value instead."""
    from haplan.model.value import OUTPUT, decode, secrets

    found = {secret.source for secret in secrets(decode(output.value)) if not secret.source.startswith(OUTPUT)}
    return f"; it comes from {', '.join(sorted(found))}" if found else "; the stack says where it comes from"


def _which(arguments: tuple[str, ...]) -> tuple[str, str]:
    if len(arguments) > 2:
        raise click.UsageError(f"expected [STACK] [NAME], got {len(arguments)} arguments")
    if len(arguments) == 2:
        refuse_turned(arguments)
        return arguments[0], arguments[1]
    one = arguments[0] if arguments else "."
    path = Path(one)
    return (one, "") if path.suffix == ".py" or (path / "stack.py").is_file() or not arguments else (".", one)
