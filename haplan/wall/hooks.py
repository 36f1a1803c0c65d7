"""Hooks behind the wall, and what they bring: rules, edges, secret sources."""

import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs
import pluggy

from haplan import hookspecs
from haplan.contracts import Clock, Node, OpenState, PlanView, Provider, StateBackend
from haplan.errors import HaplanError, StateError
from haplan.model.event import Event
from haplan.model.finding import Finding, Rule, explained
from haplan.model.graph import Edge
from haplan.model.health import Check
from haplan.model.plan import Change
from haplan.model.schema import TypeInfo
from haplan.model.stack import Stack
from haplan.model.traffic import Question, Traffic
from haplan.model.wiring import Sheet
from haplan.state.location import shown
from haplan.wall import around, provider
from haplan.wall.call import Call, through
from haplan.wall.shapes import Misfit, fit, text, unlike

Impl = pluggy.HookImpl


def who(impl: Impl) -> str:
    """What a plugin is called in errors."""
    return f"plugin {impl.plugin_name!r}"


def called(impl: Impl, hook: str, fitted: Callable[[Any], Any] = lambda found: found, **given: Any) -> Any:
    """What a hook says, in the shape that `haplan.hookspecs` gives it; it need not take all that it is given.

    Args:
        impl: Whose.
        hook: Its name.
        fitted: Looks at what is in the answer, and gives it as the engine takes it.

    Raises:
        PluginError: It broke, or said something else.
    """
    due = typing.get_type_hints(getattr(hookspecs, hook))["return"]
    taken = {name: given[name] for name in impl.argnames}
    check = (lambda found: None) if due is type(None) else (lambda found: fitted(fit(due)(found)))
    return through(Call(who=who(impl), verb=hook), lambda: impl.function(**taken), check)


def told(impl: Impl, event: Event) -> None:
    """Tell an observer of an event."""
    called(impl, "haplan_event", event=event)


def module(found: Any) -> Any:
    """The module of a plugin: it says of which types it is, if it does."""
    types = getattr(found, "haplan_types", ())
    if isinstance(types, str) or not isinstance(types, Collection) or not all(isinstance(one, str) for one in types):
        raise unlike(types, "the names of types").under("haplan_types")
    return found


def providers(types: Mapping[str, TypeInfo]) -> Callable[[Iterable[type[Provider]]], tuple[type[Provider], ...]]:
    """Provider classes, behind the wall; what they say of resources is held against the types."""
    return lambda found: tuple(provider.behind(cls, types) for cls in found)


def resources(found: Iterable[type]) -> Iterable[type]:
    """Resource classes: each knows its type."""
    for cls in found:
        if not isinstance(getattr(cls, "haplan_type", None), TypeInfo):
            raise Misfit(cls.__name__, "a class made by @resource")
    return found


def rules(impl: Impl) -> Callable[[Iterable[Rule]], tuple[Rule, ...]]:
    """Rules whose checks go through the wall; what only explains is no code of a plugin."""

    def guarded(rule: Rule) -> Rule:
        call = Call(who=who(impl), verb=f"rule {rule.id}")
        if rule.check is explained:
            return rule
        return attrs.evolve(rule, check=lambda view: through(call, lambda: rule.check(view), fit(Sequence[Finding])))

    return lambda found: tuple(map(guarded, found))


def order(impl: Impl, nodes: Sequence[Node]) -> tuple[Edge, ...]:
    """The edges that a hook adds: between the nodes that it was given."""
    known = {node.address for node in nodes}

    def checked(edges: Sequence[Edge]) -> Sequence[Edge]:
        for edge in edges:
            strange = next((one for one in (edge.first, edge.then) if one not in known), "")
            if strange:
                raise Misfit(f"an edge of {strange!r}, which is no node", "one of the nodes")
        return edges

    return tuple(called(impl, "haplan_order", checked, nodes=nodes))


def wiring(impls: Iterable[Impl], stack: Stack, changes: Sequence[Change]) -> tuple[Sheet, ...]:
    """The cabling that plugins tell."""
    found = (called(impl, "haplan_wiring", stack=stack, changes=changes) for impl in impls)
    return tuple(sheet for sheets in found for sheet in sheets)


def health(impls: Iterable[Impl], view: PlanView) -> tuple[Check, ...]:
    """How things are, as plugins tell."""
    found = (called(impl, "haplan_health", view=view) for impl in impls)
    return tuple(check for checks in found for check in checks)


def traffic(impls: Iterable[Impl], stack: Stack, question: Question) -> Traffic:
    """Who reaches what, as plugins tell."""
    found = [called(impl, "haplan_traffic", stack=stack, question=question) for impl in impls]
    lines = {address: place for one in found for address, place in one.lines.items()}
    return Traffic(tuple(group for one in found for group in one.groups), lines)


def secret_sources(impl: Impl) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Secret sources: what one gives is text."""

    def ask(scheme: str, source: Callable[[str], str], rest: str) -> str:
        call = Call(who=who(impl), verb=f"secret {scheme}:…", error=HaplanError)
        return through(call, lambda: source(rest), text)

    return lambda found: {scheme: partial(ask, scheme, source) for scheme, source in found.items()}


def state_backends(impl: Impl) -> Callable[[Mapping[str, OpenState]], Mapping[str, OpenState]]:
    """State backends: opened behind the wall."""

    def opened(scheme: str, open_: OpenState, url: str, clock: Clock) -> StateBackend:
        name = f"state backend {scheme!r}"
        found = through(
            Call(who=name, verb="open", about=shown(url), error=StateError),
            lambda: open_(url, clock),
            fit(StateBackend),
        )
        return around.backend(found, name, shown(url))

    return lambda found: {scheme: partial(opened, scheme, open_) for scheme, open_ in found.items()}
