"""Where a session keeps its state, and how that is opened."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from haplan.contracts import Clock, StateBackend
from haplan.errors import PluginError
from haplan.host.options import Options
from haplan.model.state import State
from haplan.plugins import Plugins
from haplan.state.location import shown

ENVIRONMENT = "{env}"
"""Stands in the URL of a state for the environment."""


def template(options: Options, environ: Mapping[str, str]) -> str:
    """The URL that was given, if it leads to another state for each environment; else ""."""
    given = options.state or environ.get("HAPLAN_STATE", "")
    return given if ENVIRONMENT in given else ""


def state_url(options: Options, folder: Path, environ: Mapping[str, str]) -> str:
    """Where state is kept; may hold a password, see `haplan.state.location.shown`.

    ``{env}`` in a given URL is the environment. Without that, `HAPLAN_STATE` is not taken for the lab's state.

    Args:
        folder: Of the environment.
    """
    given, usual = options.state.replace(ENVIRONMENT, options.environment), usual_state(options, environ)
    if given == shown(usual):  # from a plan file, which keeps no password
        given = usual
    return given or usual or f"sqlite:///{folder / 'state.db'}"


def usual_state(options: Options, environ: Mapping[str, str]) -> str:
    """The URL that ``HAPLAN_STATE`` gives for an environment; "" if it gives none."""
    usual = environ.get("HAPLAN_STATE", "")
    return "" if options.lab and ENVIRONMENT not in usual else usual.replace(ENVIRONMENT, options.environment)


def open_backend(plugins: Plugins, url: str, clock: Clock) -> StateBackend:
    """The state backend of a URL; nothing is written by opening it.

    Raises:
        PluginError: No plugin that is installed has one for it.
    """
    scheme = url.partition("://")[0] if "://" in url else "sqlite"
    if scheme not in plugins.state_backends:
        known = ", ".join(sorted(plugins.state_backends)) or "none"
        broken = "".join(f"; plugin {name!r} is broken: {why}" for name, why in plugins.broken.items())
        raise PluginError(f"no state backend for {scheme!r} is installed; there are: {known}{broken}")
    return plugins.state_backends[scheme](url, clock)


def siblings(backend: StateBackend) -> Sequence[str]:
    """The URLs of the states that lie where this one does, of a backend that tells them."""
    listed = getattr(backend, "siblings", None)
    return () if listed is None else tuple(listed())


def look(backend: StateBackend, addresses: Sequence[str] = ()) -> State:
    """The rows of these addresses, outputs and runs; from a backend that gives no parts, the whole state."""
    part = getattr(backend, "look", None)
    found: State = part(addresses) if part is not None else backend.load()
    return found
