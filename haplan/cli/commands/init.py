"""haplan init"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haplan.cli import completion, terminal
from haplan.errors import HaplanError

if TYPE_CHECKING:
    from haplan.plugins import Plugins

IGNORE = ".haplan/\n*.plan\n"


@click.command("init")
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--provider",
    metavar="NAME",
    default="",
    help="Whose example; else the first by name that has one.",
    shell_complete=completion.one_of(completion.providers),
)
def command(folder: Path, provider: str) -> None:
    """Write a small stack that plans. Never overwrites a file.

    \b
    Example:
      haplan init my-edge
    """
    from haplan.plugins import load_plugins
    from haplan.wall.answers import EXAMPLE

    stack = folder / EXAMPLE
    if stack.exists():
        raise HaplanError(f"{stack} is there already; nothing was written. To look at it: haplan validate {folder}")
    if folder.exists() and not folder.is_dir():
        raise HaplanError(f"{folder}: cannot write here: it is a file")
    examples = _examples(load_plugins(), provider)
    name = _chosen(examples, provider)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in {**examples[name], ".gitignore": IGNORE}.items():
            _write(folder / file, text)
    except OSError as error:
        raise HaplanError(f"{folder}: cannot write here: {error.strerror}") from None
    others = [one for one in examples if one != name]
    if others:
        terminal.say(f"an example of provider {name}; --provider takes also {', '.join(others)}", err=True)
    terminal.say("", f"Try it on simulators: haplan plan {folder} --lab")


def _examples(plugins: "Plugins", wanted: str) -> dict[str, Mapping[str, str]]:
    """Provider → the files of its example, by name. One that breaks is named; the wanted one is an error."""
    found = {}
    for name in sorted(plugins.providers):
        try:
            files = plugins.example(name)
        except HaplanError as error:
            if name == wanted:
                raise
            terminal.say(f"warning: {error}", err=True)
            continue
        if files:
            found[name] = files
    return found


def _chosen(examples: Mapping[str, Mapping[str, str]], wanted: str) -> str:
    """The provider whose example is written.

    Raises:
        HaplanError: There is none.
    """
    from haplan.language.record import nearest

    if wanted and wanted not in examples:
        raise HaplanError(f"no provider {wanted!r} with an example is installed{nearest(wanted, examples)}")
    if not examples:
        raise HaplanError("no provider that is installed has an example; `haplan plugins` shows what is installed")
    return wanted or next(iter(examples))


def _write(path: Path, text: str) -> None:
    """A file that is there already stays as it is."""
    if path.exists():
        return
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    terminal.say(f"wrote {path}")
