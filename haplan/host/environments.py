"""Which environments there are: a name that is named and absent is questioned, so that no misspelling becomes a state.

Known are ``default`` and ``lab``, every ``env/NAME.toml``, and every NAME that has a state.
"""

import glob
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import attrs

from haplan.contracts import Clock, StateBackend
from haplan.errors import HaplanError
from haplan.host.backend import ENVIRONMENT, open_backend, siblings, state_url, template
from haplan.host.options import DEFAULT, LAB, Options
from haplan.language.record import close_to
from haplan.model.event import EventKind
from haplan.plugins import Plugins
from haplan.state.location import shown

Opened = Callable[[str], StateBackend]
"""Opens the state of a URL."""


class Tell(Protocol):
    """Tells a line to whoever listens."""

    def __call__(self, kind: EventKind, text: str = "", /) -> None: ...


def with_variables(root: Path) -> set[str]:
    """The environments whose variables stand beside a stack."""
    return {path.stem for path in (root / "env").glob("*.toml")}


def with_state(root: Path) -> set[str]:
    """The environments in which something was applied from this folder."""
    return {path.name for path in (root / ".haplan").glob("*") if path.is_dir()} - {LAB}


def question(
    root: Path, options: Options, environ: Mapping[str, str], tell: Tell, plugins: Plugins, clock: Clock
) -> None:
    """Refuse an environment that may be misspelt, and tell of one that is new.

    Raises:
        HaplanError: Nothing knows it, while others are known.
    """
    new = _new(root, options, environ, lambda url: open_backend(plugins, url, clock))
    if new:
        tell("warning", new)


def _new(root: Path, options: Options, environ: Mapping[str, str], opened: Opened) -> str:
    """The line to tell of a new environment; "" of one that is known."""
    name = options.environment
    if name in (DEFAULT, LAB):
        return ""
    known = with_variables(root) | with_state(root) | _in_files(options, environ)
    kept = template(options, environ)  # each environment may have a state of its own somewhere else
    if name in known or (kept and _has_state(options, name, environ, opened)):
        return ""
    if not options.new_environment:
        if kept:
            known |= _beside(options, environ, opened)
        if kept and not known and _has_state(options, DEFAULT, environ, opened):
            known = {DEFAULT}
        if known or (root / "env").is_dir():
            raise HaplanError(_unknown(name, sorted(known), variables=bool(with_variables(root))))
    return f"--env {name}: this environment is new: there is neither a state of that name nor env/{name}.toml"


def _unknown(name: str, known: list[str], *, variables: bool) -> str:
    what = f"no env/{name}.toml" if variables else "no such environment"
    there = f"; there {'is' if len(known) == 1 else 'are'}: {', '.join(known)}" if known else ""
    meant = close_to(name, known) if len(known) > 1 else ""
    return f"--env {name}: {what}{there}{meant}; to make a new one add --new-env"


def _in_files(options: Options, environ: Mapping[str, str]) -> set[str]:
    """The environments whose states lie where the URL of this one says, in files."""
    path = template(options, environ).removeprefix("sqlite:///")
    if ENVIRONMENT not in path or "://" in path:
        return set()
    before, _, after = path.partition(ENVIRONMENT)
    again = re.escape(after).replace(re.escape(ENVIRONMENT), "(?P=name)")
    named = re.compile(f"{re.escape(before)}(?P<name>[^/]+){again}")
    files = glob.glob("*".join(map(glob.escape, path.split(ENVIRONMENT))))
    return {found["name"] for file in files if (found := named.fullmatch(file))} - {LAB}


def _beside(options: Options, environ: Mapping[str, str], opened: Opened) -> set[str]:
    """The environments whose states lie where the URL of this one says, told by their state backend."""
    before, _, after = shown(template(options, environ)).partition(ENVIRONMENT)
    if ENVIRONMENT in after:
        return set()
    backend = opened(state_url(options, Path(), environ))
    try:
        urls = siblings(backend)
    finally:
        backend.close()
    names = (url[len(before) : len(url) - len(after)] for url in urls if url.startswith(before) and url.endswith(after))
    return {name for name in names if name} - {LAB}


def _has_state(options: Options, name: str, environ: Mapping[str, str], opened: Opened) -> bool:
    """True if something was recorded in an environment of that name."""
    backend = opened(state_url(attrs.evolve(options, environment=name), Path(), environ))
    try:
        return bool(backend.load().lineage)
    finally:
        backend.close()
