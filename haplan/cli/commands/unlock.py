"""haplan unlock"""

import attrs
import click

from haplan.cli import completion, terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, JSON, options, stack_and


@click.command("unlock")
@click.argument(
    "arguments", nargs=-1, metavar="[STACK] LOCK", shell_complete=completion.one_of(completion.locks, or_file=True)
)
@options(COMMON, JSON)
def command(arguments: tuple[str, ...], **given: object) -> None:
    """Take a lock away from its holder.

    LOCK is the id that the message about the lock names. A holder that died loses it by itself
    after a minute; this is for one that hangs.

    \b
    Example:
      haplan unlock stacks/one_pair 3f2a9c
    """
    stack, lock = stack_and(arguments, "LOCK")
    with terminal.session(stack, opening(given), given, quiet=True) as opened:
        holder = opened.state.unlock(lock)
    if given["as_json"]:
        terminal.dump(attrs.asdict(holder))
    else:
        terminal.say(f"unlocked; it was held by {holder.who} on {holder.where} for {holder.what}")
