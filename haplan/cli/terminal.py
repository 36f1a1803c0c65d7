"""What the command line knows of the terminal: colour, questions, progress."""

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

import click

from haplan.errors import Declined, HaplanError
from haplan.model.value import Tree
from haplan.model.visible import visible, visible_json, visible_lines

if TYPE_CHECKING:
    from haplan.api import Ask, Confirm, Observer, Opening, Plan, Session
    from haplan.report.lines import Lines

NARROW = 60
"""Columns below which a report is not made narrower: it would not be readable."""


def color(out: TextIO, no_color: bool) -> bool:
    """True if the stream is a terminal that may show colour."""
    return not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and out.isatty()


def show(lines: "Lines", given: Mapping[str, Tree]) -> None:
    """A report on stdout."""
    from haplan.report.lines import write

    write(lines, sys.stdout, color=color(sys.stdout, bool(given.get("no_color"))), width=_width(sys.stdout))
    sys.stdout.flush()  # what stderr says next comes after it, also where both go into one file


def _width(out: TextIO) -> int:
    """Columns of a report: a terminal's own where they are few. For a pipe or a file nothing is wrapped: what reads
    it finds each value whole."""
    from haplan.report.lines import UNWRAPPED, WIDTH

    if not out.isatty():
        return UNWRAPPED
    return max(NARROW, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def say(*lines: str, err: bool = False) -> None:
    """Each text on a line of its own, whatever is in it: results on stdout, with `err` warnings and progress."""
    for line in lines:
        click.echo(visible(line), err=err)


def page(text: str) -> None:
    """A text of many lines on stdout, such as Markdown."""
    click.echo(visible_lines(text), nl=False)


def value(text: str) -> None:
    """A value alone on stdout: to a terminal as what may be shown, to a script as it is."""
    click.echo(visible_lines(text) if sys.stdout.isatty() else text, color=True)  # click would take colour out


def dump(document: Any) -> None:
    """One JSON document on stdout, on one line as Terraform writes it: tools made for its plans read it so."""
    click.echo(visible_json(json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)))


def question() -> "Ask | None":
    """Asks a person for the value of a variable, a sensitive one unseen; None where nobody is there to answer."""
    if not sys.stdin.isatty():
        return None
    return lambda name, sensitive: str(click.prompt(visible(name), err=True, hide_input=sensitive))


def confirmation() -> "Confirm | None":
    """Asks a person about what a plan file names and nobody here knows; None where nobody is there to answer."""
    return _confirmed if sys.stdin.isatty() else None


def _confirmed(text: str) -> bool:
    say("", *text.split("\n"), err=True)
    return _yes("Let it?")


def _yes(what: str) -> bool:
    answer = click.prompt(f"{visible(what)} Type yes to go on", err=True, default="", show_default=False)
    return str(answer).strip() == "yes"


def approve(what: str, auto: bool) -> None:
    """Ask for the one yes that a plan needs.

    Raises:
        HaplanError: There is no terminal to ask on.
        Declined: The answer was not yes.
    """
    if auto:
        return
    if not sys.stdin.isatty():
        raise HaplanError("approval is needed and there is no terminal to ask on; run again with --auto-approve, "
                          "or write the plan with `haplan plan --out FILE` and apply that file")  # fmt: skip
    say("", err=True)
    if not _yes(what):
        raise Declined("declined: nothing was changed")


@contextlib.contextmanager
def session(
    place: str, how: "Opening", given: Mapping[str, Tree], observer: "Observer | None" = None, *, quiet: bool = False
) -> Iterator["Session"]:
    """A stack, opened; its progress is told on stderr."""
    from haplan import api

    with (
        telling(given, observer, quiet=quiet) as everybody,
        api.session(place, **_surrounded(how, everybody)) as opened,
    ):
        for name, why in sorted(opened.plugins.broken.items()):
            say(f"warning: plugin {name!r} cannot be loaded: {why}", err=True)
        yield opened


@contextlib.contextmanager
def session_of(
    plan: "Plan", how: "Opening", given: Mapping[str, Tree], observer: "Observer | None" = None, *, where: str
) -> Iterator["Session"]:
    """What a plan was made for, opened to carry it out; `where` stands before what is refused."""
    from haplan import api

    with (
        telling(given, observer) as everybody,
        api.session_of(plan, where=where, **_surrounded(how, everybody)) as opened,
    ):
        yield opened


def _surrounded(how: "Opening", observers: "list[Observer]") -> "Opening":
    """With those who are told, and who is asked where somebody is there."""
    asks, confirms = question(), confirmation()
    found: Opening = {**how, "on_event": observers}
    return found if asks is None or confirms is None else {**found, "ask": asks, "confirm": confirms}


@contextlib.contextmanager
def telling(
    given: Mapping[str, Tree], observer: "Observer | None" = None, *, quiet: bool = False
) -> Iterator[list["Observer"]]:
    """The observers of a run: the one given, and progress for people."""
    observers = [observer] if observer is not None else []
    if quiet:
        yield observers
        return
    from haplan.report.progress import progress

    shows, simulated = color(sys.stderr, bool(given.get("no_color"))), bool(given.get("lab"))
    with progress(sys.stderr, color=shows, simulated=simulated) as people:
        yield [people, *observers]
