"""haplan lab"""

import signal
import threading

import click

from haplan.cli import terminal
from haplan.cli.given import opening
from haplan.cli.options import COMMON, STACK, VARIABLES, options
from haplan.cli.signals import STOPS


@click.command("lab")
@options(STACK, COMMON, VARIABLES)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the first one on loopback; 0 takes a free one."
)
@click.option(
    "--tls", is_flag=True, help="HTTPS, with a certificate of the lab's own, for clients that speak nothing else."
)
def command(stack: str, port: int, tls: bool, **given: object) -> None:
    """Serve the stack's simulators on loopback.

    Other clients reach them as the lines say, until Ctrl-C. The estate stays in .haplan/lab.

    \b
    Example:
      haplan lab stacks/hub_spoke_ssr --port 8443
      haplan lab stacks/hub_spoke_ssr --tls
    """
    with terminal.session(stack, opening(given, lab=True), given, quiet=True) as opened:
        for key, lab in opened.labs(port=port, tls=tls).items():
            terminal.say(f"{key}:")
            for line in lab.describe():
                terminal.say(f"  {line}")
        terminal.say("Ctrl-C ends it.", err=True)
        _wait()


def _wait() -> None:
    """Until Ctrl-C, a request to end or a terminal that closes: how a server usually stops, so no error."""
    done = threading.Event()
    for number in STOPS:
        signal.signal(number, lambda *_: done.set())
    while not done.wait(0.5):
        pass
