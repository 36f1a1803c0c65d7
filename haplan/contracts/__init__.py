"""The contracts: what the engine asks of plugins, and what it gives them.

A plugin need not inherit from anything here, except that `Provider` carries a default for everything optional.
Providers are plain synchronous Python. The engine calls them from several threads, but never twice at once for one
document. State backends and observers are called from one thread only.
"""

from typing import Protocol

from haplan.contracts.clock import Clock, SteadyClock
from haplan.contracts.exchange import (
    Assessment,
    Context,
    Io,
    Part,
    Query,
    Reading,
    Rehearsal,
    Seen,
    Settlement,
    Target,
    Task,
    Written,
    called,
)
from haplan.contracts.provider import Lab, LabRequest, Provider, Resources
from haplan.contracts.reserved import AdoptQuery, Flow, Found, Procedure, Request, Way
from haplan.contracts.rules import ApplyView, CheckView, Node, OrderHook, PlanView, ValidateView
from haplan.contracts.state import OpenState, StateBackend
from haplan.model.event import Event
from haplan.model.origin import Destination
from haplan.model.plan import Calls
from haplan.model.schema import TypeInfo

API = 2
"""The version of these contracts; a plugin module declares ``haplan_api = 2``."""


class Observer(Protocol):
    """Told of every event of a run."""

    def __call__(self, event: Event) -> None: ...


__all__ = [
    "API",
    "AdoptQuery",
    "ApplyView",
    "Assessment",
    "Calls",
    "CheckView",
    "Clock",
    "Context",
    "Destination",
    "Flow",
    "Found",
    "Io",
    "Lab",
    "LabRequest",
    "Node",
    "Observer",
    "OpenState",
    "OrderHook",
    "Part",
    "PlanView",
    "Procedure",
    "Provider",
    "Query",
    "Reading",
    "Rehearsal",
    "Request",
    "Resources",
    "Seen",
    "Settlement",
    "StateBackend",
    "SteadyClock",
    "Target",
    "Task",
    "TypeInfo",
    "ValidateView",
    "Way",
    "Written",
    "called",
]
