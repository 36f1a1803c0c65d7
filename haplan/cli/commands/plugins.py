"""haplan plugins"""

from typing import TYPE_CHECKING, Any

import click

from haplan.cli import terminal
from haplan.cli.options import JSON, options

if TYPE_CHECKING:
    from haplan.plugins import Plugins


@click.command("plugins")
@options(JSON)
def command(**given: Any) -> None:
    """List what is installed.

    Plugins with their versions, what they bring, and which could not be loaded.

    \b
    Example:
      haplan plugins
    """
    from haplan.plugins import load_plugins
    from haplan.report.catalogue import plugin_lines

    plugins = load_plugins()
    if given["as_json"]:
        terminal.dump({"plugins": dict(plugins.versions), "broken": dict(plugins.broken)} | _all(plugins))
        return
    rows = [(name, version, "") for name, version in sorted(plugins.versions.items())]
    terminal.show(plugin_lines(rows, plugins.broken), given)
    click.echo("")
    for kind, names in _all(plugins).items():
        click.echo(f"{kind.replace('_', ' ')}: {', '.join(names) if kind != 'rules' else len(names)}")


def _all(plugins: "Plugins") -> dict[str, list[str]]:
    return {
        "providers": sorted(plugins.providers),
        "types": sorted(plugins.resources),
        "state_backends": sorted(plugins.state_backends),
        "secret_sources": sorted(plugins.secret_sources),
        "rules": sorted(plugins.rules),
    }
