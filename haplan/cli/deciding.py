"""What approve and reject share: whose key, what is said beside, and how long it counts."""

import time
from collections.abc import Mapping
from pathlib import Path

import click

from haplan.cli import terminal

SIGNING = (
    click.option("--key", metavar="FILE", default="", help="SSH key to sign with; else the first of ~/.ssh."),
    click.option("--ticket", metavar="ID", default="", help="Where the change is asked for."),
    click.option("--comment", metavar="TEXT", default="", help="Why, on one line."),
)


def decide(file: str, *, yes: bool, given: Mapping[str, str]) -> None:
    """Show what is signed, and sign it."""
    from haplan import api
    from haplan.api import approvals
    from haplan.model.approval import Decision
    from haplan.report.approval import approval_text

    try:
        expires = int(time.time()) + approvals.span(given["expires"]) if yes else 0
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--expires") from None
    plan = api.read_plan(file)
    decision = Decision(yes=yes, ticket=given["ticket"], comment=given["comment"], expires=expires)
    terminal.page(approval_text(plan.body, plan.digest, decision))
    target = approvals.decide(plan, Path(file), decision, given["key"])
    terminal.say(f"signed: {target}", err=True)
