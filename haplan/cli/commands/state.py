"""haplan state"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haplan.cli import completion, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, SERIAL, STACK, WRITING, options, refuse_turned, stack_and
from haplan.errors import HaplanError
from haplan.model.value import Tree

if TYPE_CHECKING:
    from haplan.api import Mended

LOCKING = WRITING[1]
ADDRESSES = completion.one_of(completion.addresses, or_file=True)


@click.group("state")
def command() -> None:
    """Look at what haplan remembers, and mend it. The estate is never touched.

    \b
    Example:
      haplan state list stacks/one_pair --lab
    """


@command.command("list")
@options(STACK, COMMON, JSON)
@SERIAL
def list_(stack: str, serial: int | None, **given: object) -> None:
    """List the resources in state, with their ids.

    \b
    Example:
      haplan state list stacks/one_pair --lab
    """
    from haplan.report.json import row_json
    from haplan.report.state import list_lines

    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        rows = [row for _, row in sorted(opened.state.read(serial or 0).rows.items())]
    if given["as_json"]:
        terminal.dump([row_json(row) for row in rows])
    else:
        terminal.show(list_lines(rows), given)
        if not rows:
            terminal.say("nothing is in state", err=True)


@command.command("show")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS", shell_complete=ADDRESSES)
@options(COMMON, JSON)
@SERIAL
def show(arguments: tuple[str, ...], serial: int | None, **given: object) -> None:
    """Show all that is remembered of one resource.

    \b
    Example:
      haplan state show stacks/one_pair site.branch --lab
    """
    from haplan.language.record import nearest
    from haplan.report.json import row_json
    from haplan.report.state import placed, row_lines

    stack, address = stack_and(arguments, "ADDRESS")
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        state = opened.state.read(serial) if serial else opened.state.look(address)
        row = state.row(address)
        state = state if row is not None or serial else opened.state.read()
    if row is None:
        where = f"the state of serial {serial}" if serial else "state"
        raise HaplanError(f"{address} is not in {where}{nearest(address, [key[0] for key in state.rows])}")
    if given["as_json"]:
        terminal.dump({**row_json(row), "status": row.status, "documents": placed(state, address)})
    else:
        terminal.show(row_lines(row, placed(state, address)), given)


# --- Mending ----------------------------------------------------------------------------------------------------------


@command.command("mv")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS NEW-ADDRESS", shell_complete=ADDRESSES)
@options(COMMON, LOCKING, JSON)
def mv(arguments: tuple[str, ...], **given: object) -> None:
    """Give a resource another address, after it was renamed in the stack.

    What lives in it comes along: the steering rules and policies of a template. A whole module moves as
    module.NAME; * is everything.

    \b
    Example:
      haplan state mv stacks/one_pair site.branch site.store --lab
    """
    stack, source, target = stack_and(arguments, "ADDRESS", "NEW-ADDRESS")
    with terminal.session(stack, opening(given), given) as opened:
        mended = opened.state.move(source, target)
    told = [f"{old} is now {new}" for old, new in sorted(mended.mending.addresses.items())]
    _tell(mended, told, given)


@command.command("rm")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS...", shell_complete=ADDRESSES)
@options(COMMON, LOCKING, JSON)
def rm(arguments: tuple[str, ...], **given: object) -> None:
    """Forget resources: they leave the state, the estate keeps them. Addresses may be globs.

    \b
    Example:
      haplan state rm stacks/one_pair "policy.branch.*" --lab
    """
    stack, patterns = _split(arguments)
    if not patterns:
        raise click.UsageError("expected [STACK] ADDRESS..., got no address")
    with terminal.session(stack, opening(given), given) as opened:
        mended = opened.state.forget(patterns)
    told = [f"{one} is forgotten; the estate was not touched" for one in sorted(mended.mending.addresses)]
    _tell(mended, told, given)


@command.command("taint")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS", shell_complete=ADDRESSES)
@options(COMMON, LOCKING, JSON)
def taint(arguments: tuple[str, ...], **given: object) -> None:
    """Mark a resource as broken: the next plan replaces it.

    \b
    Example:
      haplan state taint stacks/one_pair site.branch --lab
    """
    stack, address = stack_and(arguments, "ADDRESS")
    with terminal.session(stack, opening(given), given) as opened:
        _tell(opened.state.taint(address), [f"{address} is tainted: the next plan replaces it"], given)


@command.command("untaint")
@click.argument("arguments", nargs=-1, metavar="[STACK] ADDRESS", shell_complete=ADDRESSES)
@options(COMMON, LOCKING, JSON)
def untaint(arguments: tuple[str, ...], **given: object) -> None:
    """Take the mark of a tainted resource away.

    \b
    Example:
      haplan state untaint stacks/one_pair site.branch --lab
    """
    stack, address = stack_and(arguments, "ADDRESS")
    with terminal.session(stack, opening(given), given) as opened:
        _tell(opened.state.untaint(address), [f"{address} is not tainted any more"], given)


def _tell(mended: "Mended", told: list[str], given: dict[str, Tree]) -> None:
    run, found = mended.run, mended.mending
    if given["as_json"]:
        addresses = {old: new or None for old, new in sorted(found.addresses.items())}
        terminal.dump({"run": run.id, "serial": run.serial, "addresses": addresses, "notes": list(found.notes)})
        return
    terminal.say(*told)
    for note in found.notes:
        terminal.say(f"warning: {note}", err=True)
    terminal.say(f"serial {run.serial} · run {run.id}")


# --- History ----------------------------------------------------------------------------------------------------------


@command.command("history")
@click.argument("arguments", nargs=-1, metavar="[STACK] [ADDRESS]", shell_complete=ADDRESSES)
@click.option("--last", metavar="N", type=click.IntRange(min=1), default=20, show_default=True, help="So many runs.")
@options(COMMON, JSON)
def history(arguments: tuple[str, ...], last: int, **given: object) -> None:
    """Show the runs and what each changed in the state, latest last.

    With ADDRESS the values of that resource, under every name that it had.

    \b
    Example:
      haplan state history stacks/one_pair site.branch --lab
    """
    from haplan.report.history import history_json, history_lines

    stack, address = _split_one(arguments, "ADDRESS")
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        chapters = opened.state.history(address, last)
    if given["as_json"]:
        terminal.dump(history_json(chapters))
    else:
        terminal.show(history_lines(chapters, values=bool(address)), given)


@command.command("prune")
@click.option("--keep", metavar="N", type=click.IntRange(min=1), required=True, help="So many runs stay.")
@options(STACK, COMMON, LOCKING, JSON)
def prune(stack: str, keep: int, **given: object) -> None:
    """Forget the history of all but the latest runs, and remove their records.

    What is recorded now stays, and so do applied digests. The state gives back the disk that the history took.

    \b
    Example:
      haplan state prune stacks/one_pair --keep 50 --lab
    """
    from haplan.report.state import freed as told
    from haplan.report.words import plural

    with terminal.session(stack, opening(given), given) as opened:
        freed, gone = opened.state.prune_records(keep), opened.state.prune(keep)
    if given["as_json"]:
        terminal.dump({"forgotten": gone, "records": freed.records, "bytes": freed.size})
    else:
        terminal.say(f"the history of {plural(gone, 'run')} is forgotten")
        if freed.records:
            terminal.say(told(freed.records, freed.size, freed.left, freed.left_size))


# --- Copies -----------------------------------------------------------------------------------------------------------


@command.command("pull")
@options(STACK, COMMON)
def pull(stack: str, **given: object) -> None:
    """Write the state as one JSON document, to keep, or to mend and push again. Secrets are not in it.

    \b
    Example:
      haplan state pull stacks/one_pair --lab > state.json
    """
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        terminal.page(opened.state.pull().decode())


@command.command("push")
@click.argument("arguments", nargs=-1, metavar="[STACK] FILE", shell_complete=completion.file)
@options(COMMON, LOCKING, JSON)
def push(arguments: tuple[str, ...], **given: object) -> None:
    """Put a pulled document in place of the state. What was mended needs a serial one higher; - reads stdin.

    \b
    Example:
      haplan state push stacks/one_pair state.json --lab
    """
    from haplan.state import files

    stack, file = stack_and(arguments, "FILE")
    try:
        document = files.read_from(sys.stdin.buffer) if file == "-" else files.read(Path(file))
    except OSError as error:
        raise HaplanError(f"{file}: cannot read this document: {error.strerror}") from None
    with terminal.session(stack, opening(given), given) as opened:
        pushed = opened.state.push(document)
    if given["as_json"]:
        terminal.dump({"pushed": pushed is not None, "serial": pushed.serial if pushed else None})
    else:
        terminal.say(f"pushed: serial {pushed.serial}" if pushed else "the state says that already; nothing was pushed")


@command.command("recover")
@click.argument("arguments", nargs=-1, metavar="[STACK] [FILE]", shell_complete=completion.file)
@options(COMMON, LOCKING, JSON)
def recover(arguments: tuple[str, ...], **given: object) -> None:
    """Merge back what could not be saved. Without FILE: the recovery files that lie beside the state.

    \b
    Example:
      haplan state recover stacks/one_pair --lab
    """
    stack, file = _split_one(arguments, "FILE")
    if file and len(arguments) == 1:
        stack, given = _beside(Path(file), given)
    with terminal.session(stack, opening(given), given) as opened:
        files = opened.state.recover(Path(file) if file else None)
    if given["as_json"]:
        terminal.dump({"merged": [str(one) for one in files]})
    else:
        terminal.say(*(f"merged: {one}" for one in files))


def _beside(file: Path, given: dict[str, Tree]) -> tuple[str, dict[str, Tree]]:
    """The stack and the environment that a recovery file lies in: ``edge/.haplan/default/state.db.recovery-…``."""
    folders = file.absolute().parents
    if len(folders) < 3 or folders[1].name != ".haplan":
        return ".", given
    return str(folders[2]), given if given["environment"] or given["lab"] else {**given, "environment": folders[0].name}


def _split(arguments: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """``[STACK] …``: the first is the stack if it is a folder with one, or a Python file."""
    path = Path(arguments[0]) if arguments else Path()
    is_stack = bool(arguments) and (path.is_dir() or (path.suffix == ".py" and path.is_file()))
    return (arguments[0], arguments[1:]) if is_stack else (".", arguments)


def _split_one(arguments: tuple[str, ...], name: str) -> tuple[str, str]:
    if len(arguments) == 2:
        refuse_turned(arguments)
        return arguments[0], arguments[1]
    stack, rest = _split(arguments)
    if len(rest) > 1:
        raise click.UsageError(f"expected [STACK] [{name}], got {len(arguments)} arguments")
    return stack, rest[0] if rest else ""
