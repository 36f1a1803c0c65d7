"""haplan verify"""

import os
from pathlib import Path

import click

from haplan.cli import completion, terminal
from haplan.cli.options import JSON, options

DENIED = 4


@click.command("verify")
@click.argument("file", metavar="FILE", shell_complete=completion.file)
@options(JSON)
def command(file: str, as_json: bool) -> int:
    """Say who approved a plan file, until when, and whether it is enough.

    Every policy that holds is asked: /etc/haplan/approval.toml, the one that HAPLAN_APPROVAL_POLICY names, and
    approval.toml beside the stack. Exit code 4 if one of them wants more.

    \b
    Example:
      haplan verify hub.plan
    """
    from haplan import api
    from haplan.api import approvals
    from haplan.report.approval import standing_json, standing_lines

    plan = api.read_plan(file)
    found = list(approvals.standing(plan, Path(plan.body.origin.file).parent, os.environ))
    if as_json:
        terminal.dump(standing_json(plan.digest, found))
    else:
        terminal.show(standing_lines(found), {})
    return DENIED if any(wants for _, _, wants in found) else 0
