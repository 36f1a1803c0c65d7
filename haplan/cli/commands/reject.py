"""haplan reject"""

import click

from haplan.cli import completion, deciding
from haplan.cli.options import options


@click.command("reject")
@click.argument("file", metavar="FILE", shell_complete=completion.file)
@options(deciding.SIGNING)
def command(file: str, **given: str) -> None:
    """Say no to a plan file, signed with your SSH key.

    Where a policy holds, one no of a role that it names blocks the plan, whatever the number of yes, until the same key
    approves.

    \b
    Example:
      haplan reject hub.plan --comment "not before the shop closes"
    """
    deciding.decide(file, yes=False, given=given)
