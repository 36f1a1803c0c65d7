"""haplan approve"""

import click

from haplan.cli import completion, deciding
from haplan.cli.options import options


@click.command("approve")
@click.argument("file", metavar="FILE", shell_complete=completion.file)
@options(deciding.SIGNING)
@click.option("--expires", metavar="SPAN", default="24h", show_default=True, help="How long it counts: 90m, 24h, 3d.")
def command(file: str, **given: str) -> None:
    """Say yes to a plan file, signed with your SSH key.

    What is signed is the first screen of the plan, as `haplan show FILE --format approval` writes it. It is kept in
    FILE.approvals, and `ssh-keygen -Y verify -n haplan-plan` takes it too. Who decides again takes back what they said.

    \b
    Example:
      haplan approve hub.plan --ticket CHG-1042
    """
    deciding.decide(file, yes=True, given=given)
