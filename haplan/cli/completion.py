"""Completion of what only the state, the folder or the plugins know: addresses, runs, outputs, types, rules.

It runs no stack code, is given up after `SECONDS`, and says nothing when something is wrong: whoever presses Tab is in
the middle of a line.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from haplan.cli.given import opening
from haplan.model.visible import visible

if TYPE_CHECKING:
    from haplan.api import Session, State

SECONDS = 2.0
"""Longest that somebody waits after pressing Tab, such as for a database that does not answer."""
Values = Callable[[click.Context], Iterable[tuple[str, str]]]
"""What there is to choose from, each with a word about it."""
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def one_of(values: Values, *, or_file: bool = False) -> Complete:
    """Completes with these; `or_file` leaves it to the shell to find a file where none of them fits."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = [
            CompletionItem(value, help=visible(about) or None)
            for value, about in _quietly(values, ctx)
            if value.lower().startswith(incomplete.lower()) and _is_word(value)
        ]
        return found or ([CompletionItem(incomplete, type="file")] if or_file else [])

    return complete


def _is_word(value: str) -> bool:
    """False for what no shell takes, or no terminal should be given."""
    return value.isprintable() and not set(value) & set(" \"'\\")


def file(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes with files and folders, by the shell."""
    return [CompletionItem(incomplete, type="file")]


# --- What there is ----------------------------------------------------------------------------------------------------


def addresses(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Of the resources in state."""
    return [(row.address, row.type) for _, row in sorted(_state(ctx).rows.items()) if not row.deposed]


def runs(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Ids, the latest first."""
    return [(run.id, f"{run.command}, {run.result or 'did not end'}") for run in reversed(_state(ctx).runs)]


def outputs(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Names of recorded outputs."""
    return [(name, "") for name in sorted(_state(ctx).outputs)]


def locks(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """The id of the lock that is held."""
    with _session(ctx) as opened:
        holder = opened.state.holder()
    return [(holder.id, f"{holder.who}, {holder.what}")] if holder is not None else []


def environments(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Those with a state, and those with variables."""
    from haplan import api

    return [(name, "") for name in api.environments(_place(ctx))]


def types(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Resource types."""
    from haplan.plugins import load_plugins

    return [(name, info.text) for name, info in sorted(load_plugins().types.items())]


def providers(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Names of providers."""
    from haplan.plugins import load_plugins

    return [(name, "") for name in sorted(load_plugins().providers)]


def rules(ctx: click.Context) -> Iterable[tuple[str, str]]:
    """Ids of rules."""
    from haplan.plugins import load_plugins

    return [(name, rule.title) for name, rule in sorted(load_plugins().rules.items())]


# --- Finding it -------------------------------------------------------------------------------------------------------


def _state(ctx: click.Context) -> "State":
    with _session(ctx) as opened:
        return opened.state.read()


def _session(ctx: click.Context) -> "Session":
    from haplan import api

    given = {name: ctx.params.get(name) for name in ("environment", "state", "lab")}
    return api.session(_place(ctx), **opening(given))


def _place(ctx: click.Context) -> str:
    """The stack on the line so far; click leaves arguments unparsed while an option still waits for its value."""
    said = [ctx.params.get("stack"), ctx.params.get("target"), *(ctx.params.get("arguments") or ()), *ctx.args]
    return next((one for one in said if one and one != "." and Path(one).exists()), ".")


def _quietly(values: Values, ctx: click.Context) -> list[tuple[str, str]]:
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere), _soon():
            return list(values(ctx))
    except Exception:  # nobody asked for an error while typing
        return []


@contextlib.contextmanager
def _soon() -> Iterator[None]:
    if not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
