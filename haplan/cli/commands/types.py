"""haplan types"""

from typing import Any

import click

from haplan.cli import completion, terminal
from haplan.cli.options import JSON, options
from haplan.errors import HaplanError


@click.command("types")
@click.argument("name", default="", metavar="[TYPE]", shell_complete=completion.one_of(completion.types))
@options(JSON)
def command(name: str, **given: Any) -> None:
    """List the resource types, or describe one.

    With TYPE its attributes, their defaults, and what a change replaces.

    \b
    Example:
      haplan types cluster
    """
    from haplan.language.record import nearest
    from haplan.plugins import load_plugins
    from haplan.report.catalogue import type_json, type_lines, type_list

    types = load_plugins().types
    if name and name not in types:
        raise HaplanError(f"no resource type {name!r}{nearest(name, types)}")
    if given["as_json"]:
        terminal.dump(type_json(types[name]) if name else [type_json(info) for info in types.values()])
    else:
        terminal.show(type_lines(types[name]) if name else type_list(types.values()), given)
