"""haplan health"""

import click

from haplan.cli import flow, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options


@click.command("health")
@options(STACK, COMMON, VARIABLES, JSON)
@click.option("--strict", is_flag=True, help="What nobody told counts as red.")
def command(stack: str, **given: object) -> int:
    """Say how the pairs of a stack are now: nodes, firmware, links, overlay, BGP, alarms.

    Each check ends green, red or unknown; what the backend did not tell is unknown, never green. Exit 10 if one is
    red.

    \b
    Example:
      haplan health stacks/hub_spoke_ssr --lab
    """
    from haplan.report import health

    strict = bool(given.pop("strict"))
    with terminal.session(stack, opening(given), given) as opened:
        found = opened.health()
        if given["as_json"]:
            terminal.dump(health.health_json(found))
        else:
            terminal.show(health.health_lines(found), given)
    bad = found.count("red") + (found.count("unknown") if strict else 0)
    return flow.RED if bad else 0
