"""haplan plugins"""

from typing import TYPE_CHECKING

import click

from haplan.cli import terminal
from haplan.cli.options import JSON, NO_COLOR, options
from haplan.errors import PluginError

if TYPE_CHECKING:
    from haplan.plugins import Plugins


@click.command("plugins")
@options(NO_COLOR, JSON)
def command(**given: object) -> None:
    """List what is installed.

    Plugins with their versions, what they bring, and which could not be loaded.

    \b
    Example:
      haplan plugins
    """
    from haplan.plugins import load_plugins
    from haplan.report.catalogue import plugin_lines

    plugins = load_plugins()
    brings, broken = _brings(plugins)
    if given["as_json"]:
        terminal.dump({"plugins": dict(plugins.versions), "broken": broken} | brings)
    else:
        terminal.show(plugin_lines(plugins.versions, brings, broken), given)


def _brings(plugins: "Plugins") -> tuple[dict[str, list[str]], dict[str, str]]:
    """What there is of each kind; a plugin that breaks when it is asked is told with the broken ones."""
    brings: dict[str, list[str]] = {}
    broken = dict(plugins.broken)
    for kind in ("providers", "resources", "rules", "state_backends", "secret_sources"):
        try:
            brings[kind] = sorted(getattr(plugins, kind))
        except PluginError as error:
            brings[kind] = []
            broken[kind] = str(error)
    return brings, broken
