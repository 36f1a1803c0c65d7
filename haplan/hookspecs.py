"""The hooks: each says when it is called and what it may return. A plugin is a module that implements some of them.

The module is imported by every command, and says ``haplan_api = 2``. With ``haplan_types = ("pond_fish",)`` it says
which types it is about: where a stack and its state have none of these, it is not asked for rules and order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import pluggy

from haplan.contracts import Node, OpenState, PlanView, Provider
from haplan.model.event import Event
from haplan.model.finding import Rule
from haplan.model.graph import Edge
from haplan.model.health import Check
from haplan.model.plan import Change, Plan
from haplan.model.stack import Stack
from haplan.model.traffic import Question, Traffic
from haplan.model.wiring import Sheet

hookspec = pluggy.HookspecMarker("haplan")
hookimpl = pluggy.HookimplMarker("haplan")


@hookspec
def haplan_providers() -> Iterable[type[Provider]]:  # type: ignore[empty-body]  # a hook has no body
    """Called once, when a stack needs one: the provider classes of this plugin, each with its name or one that begins
    with its name and ``_``.
    """


@hookspec
def haplan_resources() -> Iterable[type]:  # type: ignore[empty-body]  # a hook has no body
    """Called once, when a type is looked up that may be its: the resource classes (`haplan.language.resource`), whose
    types begin with the plugin's name and ``_``.
    """


@hookspec
def haplan_state_backends() -> Mapping[str, OpenState]:  # type: ignore[empty-body]  # a hook has no body
    """Called once: URL scheme → function that opens a state backend."""


@hookspec
def haplan_checks() -> Iterable[Rule]:  # type: ignore[empty-body]  # a hook has no body
    """Called once: the rules of this plugin."""


@hookspec
def haplan_order(nodes: Sequence[Node]) -> Iterable[Edge]:  # type: ignore[empty-body]  # a hook has no body
    """Called for each plan: soft and gate edges between these nodes. A pure function."""


@hookspec
def haplan_wiring(  # type: ignore[empty-body]  # a hook has no body
    stack: Stack, changes: Sequence[Change]
) -> Iterable[Sheet]:
    """Called for ``haplan wiring``, and for the pictures of a plan: how the boxes of a stack's pairs are cabled, with
    marks on what these changes bring or change. A pure function.
    """


@hookspec
def haplan_health(view: PlanView) -> Iterable[Check]:  # type: ignore[empty-body]  # a hook has no body
    """Called for ``haplan health`` and ``haplan snapshot``: what was looked at of a stack's resources, green, red or
    unknown. A pure function of what the view holds; it holds no changes.
    """


@hookspec
def haplan_traffic(stack: Stack, question: Question) -> Traffic:  # type: ignore[empty-body]  # a hook has no body
    """Called for ``haplan traffic``: who reaches what in a stack, and what becomes of that when something fails. A pure
    function.
    """


@hookspec
def haplan_secret_sources() -> Mapping[str, Callable[[str], str]]:  # type: ignore[empty-body]  # a hook has no body
    """Called once: scheme → function from the rest of the source to the secret, which is never called twice at once."""


@hookspec
def haplan_plan_made(plan: Plan) -> None:
    """Told of each plan that was made."""


@hookspec
def haplan_event(event: Event) -> None:
    """Told of each event of a run, in the thread that the engine works in."""
