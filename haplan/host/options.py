"""What a command was given: how its session is opened, and what its plan is to be."""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from haplan.errors import HaplanError
from haplan.model.command_line import CommandLine
from haplan.model.plan import Command
from haplan.model.value import Tree
from haplan.state.location import shown

LAB = "lab"
"""The environment that lives on simulators."""
DEFAULT = "default"
"""The environment when none is named."""
ENVIRONMENT = re.compile(r"\w[\w.-]*")
"""What the name of an environment is like: it is a folder's too."""


@attrs.frozen(kw_only=True)
class Options:
    """How a session is opened.

    Attributes:
        environment: Own state, own variables; ``lab`` with `lab`.
        new_environment: It may be one that nothing knows yet; see `haplan.host.environments`.
        state: URL of the state; "" is ``.haplan/<environment>/state.db`` beside the stack.
        lab: Providers are served by their simulators.
        variables: ``name=value`` each.
        variable_files: TOML or JSON files.
        parallelism: Most writes at once.
        lock_timeout: Seconds to wait for the lock.
        log: File for each request, redacted.
        allow_hosts: Globs of hosts that a plan file may send to, whoever else knows them.
        allow_command: A plan file, or a state that is gone back to, may run commands for secrets.

    Raises:
        HaplanError: The environment is no name of a folder, or two options contradict each other.
    """

    environment: str = DEFAULT
    new_environment: bool = False
    state: str = ""
    lab: bool = False
    variables: tuple[str, ...] = ()
    variable_files: tuple[str, ...] = ()
    parallelism: int = 10
    lock_timeout: float = 0.0
    log: Path | None = None
    allow_hosts: tuple[str, ...] = ()
    allow_command: bool = False

    def __attrs_post_init__(self) -> None:
        name = self.environment
        if not ENVIRONMENT.fullmatch(name):
            raise HaplanError(f"--env {name!r}: an environment is a folder: letters, digits, - _ and . make its name")
        if self.lab and name not in (DEFAULT, LAB):
            raise HaplanError(f"--lab is an environment of its own; leave out --env {name}")
        if name == LAB and not self.lab:
            raise HaplanError("environment lab is the one on simulators; write --lab")


@attrs.frozen(kw_only=True)
class PlanOptions:
    """What a plan is to be. Given with each call that plans: a session keeps none of it.

    Attributes:
        targets, excludes, replaces: Addresses or globs.
        destroy: Everything goes.
        to: Id of a run to go back to.
        refresh_only: Look, change nothing.
        refresh: False trusts the state.
        deep: Look at what costs a call for each device as well.
        check_on_device: The backends check what is planned, and leave nothing behind.

    Raises:
        HaplanError: Two of them contradict each other.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    destroy: bool = False
    to: str = ""
    refresh_only: bool = False
    refresh: bool = True
    check_on_device: bool = False
    deep: bool = False

    def __attrs_post_init__(self) -> None:
        contrary = {"--destroy and --refresh-only": self.destroy, "--refresh-only and --no-refresh": not self.refresh}
        for both, other in contrary.items():
            if self.refresh_only and other:
                raise HaplanError(f"{both} contradict each other; leave one of them out")

    @property
    def command(self) -> Command:
        """What the plan is for."""
        if self.refresh_only:
            return "refresh"
        if self.destroy:
            return "destroy"
        return "rollback" if self.to else "apply"

    @property
    def scope(self) -> dict[str, tuple[str, ...]]:
        """What the plan is limited to, as given."""
        found = {name: getattr(self, name) for name in ("targets", "excludes", "replaces")}
        return {**found, **({"to": (self.to,)} if self.to else {}), **({} if self.refresh else {"refresh": ("no",)})}


def sorted_out(given: Mapping[str, Tree]) -> tuple[dict[str, Tree], PlanOptions]:
    """Options of both kinds by name: those of the session as they are, and those of the plan."""
    planning = {field.name for field in attrs.fields(PlanOptions)}
    asked = PlanOptions(**{name: value for name, value in given.items() if name in planning})
    return {name: value for name, value in given.items() if name not in planning}, asked


def command_line(options: Options, file: Path) -> CommandLine:
    """How people call haplan for a stack that was opened so, from where they are now."""
    place = (file if file.name != "stack.py" else file.parent).resolve()
    here = Path.cwd()
    said = str(place.relative_to(here) if place.is_relative_to(here) else place)
    named = {LAB: ["--lab"], DEFAULT: []}.get(options.environment, ["--env", options.environment])
    state = ["--state", shown(options.state)] if options.state else []
    return CommandLine(stack="" if said == "." else said, options=(*named, *state))
