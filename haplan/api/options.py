"""What the calls of `haplan.api` take by keyword, and the options of the engine that it stands for."""

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from haplan.contracts import Observer
from haplan.host.options import Options, PlanOptions
from haplan.host.variables import Ask, Confirm
from haplan.model.value import Tree


class Applying(TypedDict, total=False):
    """How a plan is carried out.

    Attributes:
        variables: Name → value, or texts ``name=value``; of a plan that is there already only the sensitive ones, which
            it does not hold.
        variable_files: TOML or JSON files with more of them.
        state: URL of the state; by default what ``HAPLAN_STATE`` says, else a file beside the stack.
        parallelism: Most writes at once; 10.
        lock_timeout: Seconds to wait for somebody else's lock; 0.
        log: File that takes each request, without secrets.
        on_event: Is told each event, in the thread of the call; one, or several.
        ask: Asks a person for a variable that has no value; by default that is an error.
        environ: Environment variables; by default those of the process.
        allow_hosts: Globs of hosts that a plan from a file may send to, whoever else knows them.
        allow_command: Commands may run that secrets of a plan from a file, or of the state, come from.
        confirm: Asks a person whether a plan from a file may send to hosts that nobody here knows; else it may not.
    """

    variables: Mapping[str, Tree] | Sequence[str]
    variable_files: Sequence[str | Path]
    state: str
    parallelism: int
    lock_timeout: float
    log: str | Path
    on_event: Observer | Sequence[Observer]
    ask: Ask
    environ: Mapping[str, str]
    allow_hosts: Sequence[str]
    allow_command: bool
    confirm: Confirm


class Opening(Applying, total=False):
    """How a stack is opened.

    Attributes:
        env: The environment: own state, own variables; "default".
        new_env: It may be one that nothing knows yet; else such a name is refused where others are known.
        lab: Simulators in place of the estate, in the environment ``lab``.
    """

    env: str
    new_env: bool
    lab: bool


class Scope(TypedDict, total=False):
    """What a plan is about.

    Attributes:
        targets: Addresses or globs: these and what they need.
        excludes: All but these.
        refresh: False trusts the state instead of reading the estate.
    """

    targets: Sequence[str]
    excludes: Sequence[str]
    refresh: bool


class Asking(Scope, total=False):
    """What a plan is to be.

    Attributes:
        replaces: Addresses or globs to be replaced.
        destroy: Everything goes.
        refresh_only: Only what moved in the estate; applied, state takes it.
        check_on_device: The backends check the plan, and leave nothing behind.
    """

    replaces: Sequence[str]
    destroy: bool
    refresh_only: bool
    check_on_device: bool


class Planning(Opening, Asking, total=False):
    """How a stack is opened, and what the plan is to be."""


class Stopping(TypedDict, total=False):
    """What goes with one apply.

    Attributes:
        stop: Set, by whatever thread, nothing new is begun; what is under way is finished and saved (exit code 7).
        on_event: Is told each event of this apply; one, or several.
    """

    stop: threading.Event
    on_event: Observer | Sequence[Observer]


ASKING = frozenset(Asking.__annotations__)
_ADDRESSES = frozenset({"targets", "excludes", "replaces"})
_SURROUNDING = ("on_event", "ask", "confirm", "environ")


def opening_of(given: Mapping[str, object]) -> tuple[Options, dict[str, Tree]]:
    """How the engine is to open it: its options, and what surrounds them."""
    options: dict[str, Tree] = {name: value for name, value in given.items() if name not in _SURROUNDING}
    for name, own in (("env", "environment"), ("new_env", "new_environment")):
        if name in options:
            options[own] = options.pop(name)
    options["variables"] = _texts(options.get("variables", ()))
    options["variable_files"] = tuple(str(file) for file in options.get("variable_files", ()))
    options["allow_hosts"] = tuple(options.get("allow_hosts", ()))
    if "log" in options:
        options["log"] = Path(options["log"])
    surrounding: dict[str, Tree] = {name: given[name] for name in ("ask", "confirm", "environ") if name in given}
    return Options(**options), {**surrounding, "observers": observers_of(given)}


def observers_of(given: Mapping[str, object]) -> tuple[Observer, ...]:
    """Who is told."""
    told: Any = given.get("on_event", ())
    return (told,) if callable(told) else tuple(told)


def asking_of(given: Mapping[str, object]) -> PlanOptions:
    """What the engine is to plan."""
    asked: dict[str, Tree] = dict(given)
    for name in _ADDRESSES & asked.keys():
        asked[name] = (asked[name],) if isinstance(asked[name], str) else tuple(asked[name])
    return PlanOptions(**asked)


def _texts(variables: Mapping[str, Tree] | Sequence[str]) -> tuple[str, ...]:
    """Variables as ``--var`` takes them."""
    if not isinstance(variables, Mapping):
        return tuple(variables)
    return tuple(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in variables.items()
    )
