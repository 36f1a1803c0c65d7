"""haplan lab"""

import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from haplan.cli import terminal
from haplan.cli.options import COMMON, STACK, VARIABLES, engine_options, options

if TYPE_CHECKING:
    from haplan.contracts import Lab
    from haplan.session import Session


@click.command("lab")
@options(STACK, COMMON, VARIABLES)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; 0 takes a free one.")
def command(stack: str, port: int, **given: Any) -> None:
    """Serve the stack's simulators on loopback.

    Other clients reach them as the lines say, until Ctrl-C. The estate stays in .haplan/lab.

    \b
    Example:
      haplan lab stacks/hub_spoke_ssr --port 8443
    """
    with terminal.session(stack, engine_options(given, lab=True), given, quiet=True) as opened:
        for key, lab in _start(opened, port):
            click.echo(f"{key}:")
            for line in lab.describe():
                click.echo(f"  {line}")
        click.echo("Ctrl-C ends it.", err=True)
        _wait()


def _start(opened: "Session", port: int) -> "Iterator[tuple[str, Lab]]":
    """The simulator of each provider that the stack names; the session ends them."""
    from haplan import engine

    stack = engine.validate(opened).stack
    for key, block in stack.providers.items():
        blocks = tuple(one for one in stack.blocks.values() if one.provider == key)
        yield key, opened.start_lab(key, opened.plugins.provider(block.name), blocks, port=port)


def _wait() -> None:
    """Until Ctrl-C or a request to end: the usual way for a server to stop, so no error."""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    while not done.wait(0.5):
        pass
