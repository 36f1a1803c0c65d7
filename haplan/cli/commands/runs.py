"""haplan runs"""

import attrs
import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, WRITING, options
from haplan.model.value import Tree

PRUNE = "prune"


@click.command("runs")
@click.argument("arguments", nargs=-1, metavar="[prune] [STACK]")
@click.option("--keep", metavar="N", type=click.IntRange(min=1), help="With prune: so many records stay.")
@options(COMMON, WRITING[1], JSON)
def command(arguments: tuple[str, ...], keep: int | None, **given: object) -> None:
    """List the runs that wrote, latest last, and how large the record of each is.

    With prune the records of all but the latest are removed: plan, events and result. The state keeps what they did,
    until `haplan state prune`.

    \b
    Example:
      haplan runs stacks/one_pair --lab
    """
    pruning = arguments[:1] == (PRUNE,)
    rest = arguments[1:] if pruning else arguments
    if len(rest) > 1 or pruning is not (keep is not None):
        raise click.UsageError("expected [STACK], or prune [STACK] --keep N")
    stack = rest[0] if rest else "."
    if keep is not None:
        _prune(stack, keep, given)
    else:
        _list(stack, given)


def _list(stack: str, given: dict[str, Tree]) -> None:
    from haplan.report.state import run_lines

    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        found, writing, sizes = opened.state.runs(), opened.state.writing(), opened.state.sizes()
    if given["as_json"]:
        terminal.dump([{**attrs.asdict(run), "bytes": sizes.get(run.id, 0)} for run in found])
    else:
        terminal.show(run_lines(found, writing=writing, sizes=sizes), given)


def _prune(stack: str, keep: int, given: dict[str, Tree]) -> None:
    from haplan.report.state import freed as told

    with terminal.session(stack, opening(given), given) as opened:
        freed = opened.state.prune_records(keep)
    if given["as_json"]:
        terminal.dump({"records": freed.records, "bytes": freed.size})
    else:
        terminal.say(told(freed.records, freed.size, freed.left, freed.left_size))
