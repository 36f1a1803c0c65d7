"""What was given on the command line, as the engine takes it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from haplan.host.options import Options, PlanOptions

_CONTRARY = (("--destroy", "--refresh-only"), ("--refresh-only", "--no-refresh"))


def session_options(given: Mapping[str, Any], *, lab: bool = False) -> "Options":
    """How the session is opened; anything a command does not have stays at its default.

    Raises:
        click.UsageError: Two options contradict each other.
    """
    from haplan.host.options import Options

    lab = lab or bool(given.get("lab"))
    environment = given.get("environment")
    if lab and environment not in (None, "lab"):
        raise click.UsageError(f"--lab is an environment of its own; leave out --env {environment}")
    if environment == "lab" and not lab:
        raise click.UsageError("environment lab is the one on simulators; write --lab")
    if environment is not None and not re.fullmatch(r"\w[\w.-]*", environment):
        raise click.UsageError(
            f"--env {environment!r}: an environment is a folder: letters, digits, - _ and . make its name"
        )
    return Options(**_fields(Options, {**given, "lab": lab}))


def plan_options(given: Mapping[str, Any], **more: Any) -> "PlanOptions":
    """What the plan is to be; anything a command does not have stays at its default.

    Raises:
        click.UsageError: Two options contradict each other.
    """
    from haplan.host.options import PlanOptions

    asked = {**given, **more}
    for one, other in _CONTRARY:
        if all(asked.get(name.removeprefix("--").replace("-", "_")) for name in (one, other)):
            raise click.UsageError(f"{one} and {other} contradict each other; leave one of them out")
    return PlanOptions(**_fields(PlanOptions, {**asked, "refresh": not asked.get("no_refresh")}))


def _fields(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    import attrs

    names = {field.name for field in attrs.fields(kind)}
    return {name: value for name, value in given.items() if name in names and value is not None}
