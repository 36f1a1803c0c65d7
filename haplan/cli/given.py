"""What was given on the command line, as `haplan.api` takes it; what a command does not have stays at its default."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from haplan.model.value import Tree

if TYPE_CHECKING:
    from haplan.api import Asking, Opening, Scope

_OPENING = (
    *("lab", "state", "variables", "variable_files", "parallelism", "lock_timeout", "log"),
    *("allow_hosts", "allow_command", "new_env"),
)
_ASKING = ("targets", "excludes", "replaces", "destroy", "refresh_only", "check_on_device")


def opening(given: Mapping[str, Tree], **more: Any) -> "Opening":
    """How the stack is opened."""
    found = {name: value for name, value in {**given, **more}.items() if name in _OPENING and value is not None}
    env = given.get("environment")
    return cast("Opening", found if env is None else {**found, "env": env})


def asking(given: Mapping[str, Tree], **more: Any) -> "Asking":
    """What the plan is to be."""
    found = {name: value for name, value in {**given, **more}.items() if name in _ASKING}
    return cast("Asking", {**found, "refresh": not given.get("no_refresh")})


def scope(given: Mapping[str, Tree]) -> "Scope":
    """What the plan is about."""
    return cast("Scope", {name: asking(given)[name] for name in ("targets", "excludes", "refresh")})
