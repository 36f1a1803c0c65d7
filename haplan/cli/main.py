"""The entry point, and the one place where errors become one line on stderr and an exit code."""

import gc
import importlib
import os
import pkgutil
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from haplan import __version__
from haplan.cli import commands, terminal
from haplan.errors import HaplanError

TRACEBACK = "HAPLAN_TRACEBACK"
USAGE, INTERRUPTED = 1, 7


class LazyGroup(click.Group):
    """Finds commands by their file, and imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, by name."""
        return sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One command; None if there is none of that name."""
        if name not in self.list_commands(ctx):
            return None
        file = next(m.name for m in pkgutil.iter_modules(commands.__path__) if m.name.rstrip("_") == name)
        command: click.Command = importlib.import_module(f"{commands.__name__}.{file}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, naming the nearest command when there is none of that name."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.list_commands(ctx):
            from haplan.language.record import nearest

            raise click.UsageError(f"no command {name!r}{nearest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="haplan %(version)s")
def cli() -> None:
    """Plan and apply highly available WAN edges: Juniper Mist, SRX clusters and SSR routers from one stack in Python.

    \b
    First steps:
      haplan init my-edge             writes a small stack
      haplan plan my-edge --lab       shows what it would do, on simulators
      haplan apply my-edge --lab      does it there
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code."""
    _patient_collector()
    try:
        code = cli.main(
            args=list(arguments) if arguments is not None else None, prog_name="haplan", standalone_mode=False
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        return _usage(error)
    except HaplanError as error:
        return _expected(error)
    except (KeyboardInterrupt, click.Abort) as error:
        return _interrupted(error)
    except OSError as error:
        return _no_access(error)
    except Exception as error:  # the one place: whatever nobody expected becomes a line too
        return _unexpected(error)


def main() -> None:
    """The console script."""
    from haplan.cli import streams

    out = streams.stand_in()
    _end_by_signal()
    try:
        code = run()
    except KeyboardInterrupt:  # again, on the way out
        code = INTERRUPTED
    _hear_nothing_more()
    sys.stdout.flush()
    if out.error:
        _say(f"standard output: {out.error}; what is there is not the whole")
    _leave(code or (USAGE if out.error else 0))


def _end_by_signal() -> None:
    """A request to end, or a terminal that is closed, ends a command as Ctrl-C does; an apply stops in its own way."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)


def _hear_nothing_more() -> None:
    """All is said and done: a signal on the way out changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)


def _leave(code: int) -> NoReturn:
    """End the process, also when a thread hangs in a write that was given up."""
    sys.stderr.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.current_thread()):
        os._exit(code)
    sys.exit(code)


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        terminal.say(*error.format_message().split("\n"), err=True)
        return USAGE
    hint = f" (see: {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
    _say(f"{error.format_message()}{hint}")
    return USAGE


def _expected(error: HaplanError) -> int:
    if os.environ.get(TRACEBACK):
        _trace(error)
    else:
        _say(str(error))
    return error.exit_code


def _interrupted(error: BaseException) -> int:
    if isinstance(error.__cause__ or error.__context__, EOFError):
        _say("the question was not answered: the input ended")
        return USAGE
    _say("interrupted")
    return INTERRUPTED


def _no_access(error: OSError) -> int:
    """A file or folder that this machine does not give: no fault of the program."""
    if error.filename is None or os.environ.get(TRACEBACK):
        return _unexpected(error)
    _say(f"{error.filename}: {error.strerror or error}")
    return USAGE


def _unexpected(error: Exception) -> int:
    if os.environ.get(TRACEBACK):
        _trace(error)
    else:
        words = " ".join(str(error).split()) or type(error).__name__
        _say(f"unexpected error, please report: {type(error).__name__}: {words}; {TRACEBACK}=1 shows more")
    return USAGE


def _trace(error: BaseException) -> None:
    terminal.say(*"".join(traceback.format_exception(error)).rstrip("\n").split("\n"), err=True)


def _say(message: str) -> None:
    """On stderr; several mistakes are several lines, each with its own place."""
    lines = message.strip("\n").split("\n")
    terminal.say(*(f"error: {line}" if not line.startswith(" ") else line for line in lines), err=True)


def _patient_collector() -> None:
    """A command makes many values that live to its end and hold no circles: to look for circles among them every few
    hundred values takes a fifth of its time, and finds nothing."""
    gc.set_threshold(100_000, 50, 100)


if __name__ == "__main__":
    main()
