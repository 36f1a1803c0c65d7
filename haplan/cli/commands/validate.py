"""haplan validate"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options
from haplan.errors import StackError


@click.command("validate")
@options(STACK, COMMON, VARIABLES, JSON)
def command(stack: str, **given: object) -> int:
    """Check a stack offline: its language and the design rules. Exit 4 if a rule is broken.

    \b
    Example:
      haplan validate stacks/one_pair
    """
    from haplan.report.documents import validation_json
    from haplan.report.findings import validation_lines

    try:
        with terminal.session(stack, opening(given), given) as opened:
            found = opened.validate()
    except StackError as error:
        if not given["as_json"]:
            raise
        terminal.dump(validation_json(mistakes=error.mistakes))
        return error.exit_code
    if given["as_json"]:
        terminal.dump(validation_json(found.findings))
    else:
        terminal.show(validation_lines(found.stack.name, found.findings, len(found.stack.blocks)), given)
    return flow.DENIED if any(finding.severity == "error" for finding in found.findings) else 0
