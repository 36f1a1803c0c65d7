"""haplan snapshot"""

from pathlib import Path

import click

from haplan.cli import flow, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, STACK, VARIABLES, options

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("snapshot")
@options(STACK, COMMON, VARIABLES, JSON)
@click.option("--out", metavar="FILE", type=FILE, help="Write it to a file, to compare with later.")
@click.option(
    "--compare",
    nargs=2,
    type=FILE,
    metavar="BEFORE AFTER",
    help="Compare two snapshots instead: red is what was up before and is down after.",
)
def command(stack: str, out: Path | None, compare: tuple[Path, Path] | None, **given: object) -> int:
    """Note how the pairs of a stack are, and compare that with how they were. Exit 10 if something is down that was up.

    \b
    Example:
      haplan snapshot stacks/hub_spoke_ssr --lab --out before.json
    """
    from haplan.report import health

    if compare is not None:
        return _compared(compare, given)
    with terminal.session(stack, opening(given), given) as opened:
        found = opened.health()
    if out is not None:
        health.write_snapshot(found, out)
        terminal.show(health.health_lines(found), given)
    else:
        terminal.dump(health.health_json(found))
    return 0


def _compared(files: tuple[Path, Path], given: dict[str, object]) -> int:
    from haplan.model.health import compared
    from haplan.report import health

    before, after = map(health.read_snapshot, files)
    found = compared(before, after)
    if given["as_json"]:
        terminal.dump(health.health_json(found))
    else:
        terminal.show(health.health_lines(found, before.at), given)
    return flow.RED if found.count("red") else 0
