"""haplan types"""

import click

from haplan.cli import completion, terminal
from haplan.cli.options import JSON, NO_COLOR, options
from haplan.errors import HaplanError


@click.command("types")
@click.argument("name", default="", metavar="[TYPE]", shell_complete=completion.one_of(completion.types))
@options(NO_COLOR, JSON)
def command(name: str, **given: object) -> None:
    """List the resource types, or describe one.

    With TYPE the providers that serve it, its attributes, their defaults, and what a change replaces.

    \b
    Example:
      haplan types cluster
    """
    from haplan.language.record import nearest
    from haplan.plugins import load_plugins
    from haplan.report.catalogue import type_json, type_lines, type_list

    plugins = load_plugins()
    types = plugins.types
    if name and name not in types:
        raise HaplanError(f"no resource type {name!r}{nearest(name, types)}")
    if given["as_json"]:
        told = [type_json(types[one], plugins.serving(one)) for one in ([name] if name else types)]
        terminal.dump(told[0] if name else told)
    else:
        terminal.show(type_lines(types[name], plugins.serving(name)) if name else type_list(types.values()), given)
