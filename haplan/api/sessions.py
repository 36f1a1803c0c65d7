"""One stack in one environment, open: several calls share what they need of it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, Unpack

from haplan import engine
from haplan.api import approvals
from haplan.api.expected import expected
from haplan.api.options import Asking, Opening, Scope, Stopping, asking_of, observers_of, opening_of
from haplan.api.plans import Plan
from haplan.api.states import States
from haplan.contracts import Lab
from haplan.errors import HaplanError
from haplan.host.environments import with_state, with_variables
from haplan.host.session import Session as Inner
from haplan.host.session import open_session
from haplan.looking import Validation
from haplan.model.graph import Edge
from haplan.model.health import Snapshot
from haplan.model.plan import Plan as Body
from haplan.model.result import Result
from haplan.model.stack import Stack
from haplan.model.traffic import Question, Traffic
from haplan.model.wiring import Sheet
from haplan.plugins import Plugins

T = TypeVar("T")


class Session:
    """One stack in one environment. A context manager: leaving it closes what it opened.

    A session belongs to one thread at a time; any number of threads and processes may have sessions of their own.

    Attributes:
        state: What is remembered: to look at, and to mend.
    """

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self.state = States(inner)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._inner.__exit__(kind, error, trace)

    def close(self) -> None:
        """Let go of connections, simulators and the state."""
        self._inner.close()

    @property
    def name(self) -> str:
        """The stack's name."""
        return self._inner.name

    @property
    def environment(self) -> str:
        """The environment."""
        return self._inner.options.environment

    @property
    def plugins(self) -> Plugins:
        """What is installed."""
        return self._inner.plugins

    # --- Looking ------------------------------------------------------------------------------------------------------

    def validate(self) -> Validation:
        """Check the stack offline; the findings of its rules, errors among them, are in what is given.

        Raises:
            StackError: The stack itself has mistakes.
        """
        return self._do(lambda: engine.validate(self._inner, twice=True))

    def dependencies(self) -> tuple[Stack, tuple[Edge, ...]]:
        """The stack, and its edges of all kinds."""
        return self._do(lambda: engine.dependencies(self._inner))

    def health(self) -> Snapshot:
        """How what the stack manages is, green, red or unknown; nothing is written."""
        return self._do(lambda: engine.health(self._inner))

    def wiring(self, clusters: Sequence[str] = ()) -> tuple[Sheet, ...]:
        """How the boxes of the pairs are cabled: of those that a glob names by address or label, or of all.

        Raises:
            Denied: The stack does not keep a rule: nobody is to cable after it.
        """
        return self._do(lambda: engine.wiring(self._inner, clusters))

    def traffic(self, question: Question | None = None) -> Traffic:
        """Who reaches what, by which path, and what becomes of that when something fails; nothing is asked.

        Raises:
            HaplanError: What is asked for is not in the stack.
        """
        return self._do(lambda: engine.traffic(self._inner, question or Question()))

    def labs(self, *, port: int = 0, tls: bool = False) -> Mapping[str, Lab]:
        """Start the simulators of the stack's providers, by key; they end with the session."""
        return self._do(lambda: engine.labs(self._inner, port=port, tls=tls))

    # --- Planning -----------------------------------------------------------------------------------------------------

    def plan(self, **asking: Unpack[Asking]) -> Plan:
        """A plan. Writes nothing and takes no lock.

        Raises:
            Denied: A rule finds an error in the stack.
            OtherEstate: The state belongs to another estate than the credentials reach.
        """
        return self._planned(lambda: engine.plan(self._inner, asking_of(asking)))

    def drift(self, *, deep: bool = False, **scope: Unpack[Scope]) -> Plan:
        """What moved in the estate since it was recorded: a plan that only refreshes.

        Args:
            deep: Look at what costs a call for each device as well, such as settings of its own.
        """
        return self._planned(lambda: engine.drift(self._inner, asking_of({**scope, "deep": deep})))

    def rollback(self, run: str, *, replaces: Sequence[str] = (), **scope: Unpack[Scope]) -> Plan:
        """A plan back to what an earlier run recorded, without stack code.

        Args:
            replaces: Addresses or globs to be replaced on the way.

        Raises:
            HaplanError: There is no such run, or something that it recorded cannot be brought back.
        """
        return self._planned(lambda: engine.rollback(self._inner, run, asking_of({**scope, "replaces": replaces})))

    def import_(self, address: str, identity: str) -> Plan:
        """A plan that takes one existing object into state, as it is.

        Raises:
            HaplanError: The stack has no such resource, state has it already, or the backend has no such object.
        """
        return self._planned(lambda: engine.import_(self._inner, address, identity))

    def import_all(self) -> Plan:
        """A plan that takes into state all that is there with equal values; what has others is told."""
        return self._planned(lambda: engine.import_all(self._inner))

    # --- Applying -----------------------------------------------------------------------------------------------------

    def apply(self, plan: Plan, **stopping: Unpack[Stopping]) -> Result:
        """Carry out a plan: this one, nothing else. Who calls has approved it.

        Raises:
            Denied: A rule, a limit or an approval policy forbids it; or it was read from a file, and sends to a host
                that is not the one that the environment or the state names, or that nobody here knows.
            Stale: State moved since the plan, or this digest was applied already.
            Locked: Somebody else is writing this state.
            Interrupted: It was asked to stop before anything was begun.
        """
        body = plan.body
        if (body.stack, body.environment) != (self.name, self.environment):
            there = f"stack {body.stack!r}, environment {body.environment!r}"
            raise HaplanError(f"this plan is for {there}; here is {self.name!r}, {self.environment!r}")
        self._do(lambda: self._approved(plan))
        return self._carried_out(lambda stop: engine.apply(self._inner, body, stop), stopping)

    def _approved(self, plan: Plan) -> None:
        if not plan.empty:
            approvals.refuse_unapproved(self._inner, plan)
            approvals.keep(self._inner.folder, plan)

    def left_of(self, run: str) -> Plan:
        """The plan that a run did not carry out to its end; `resume` goes on with it.

        Raises:
            HaplanError: There is no such run, it did all it planned, or its plan is not kept here.
        """
        kept = self._do(lambda: engine.kept_plan(self._inner, run))
        return Plan(kept.plan, 0.0, kept.digest, approvals.kept_file(self._inner.folder, kept.digest))

    def resume(self, run: str, **stopping: Unpack[Stopping]) -> Result:
        """Go on with the very plan of a run that did not end, without what it recorded.

        Raises:
            HaplanError: As `left_of`.
            Stale: Somebody else changed what it is about, in state or in the estate.
        """
        left = self.left_of(run)
        self._do(lambda: self._approved(left))
        return self._carried_out(lambda stop: engine.resume(self._inner, run, stop), stopping)

    def warn(self, text: str) -> None:
        """Tell a line to whoever listens to this session."""
        self._inner.tell("warning", text)

    def _carried_out(self, work: Callable[[threading.Event | None], Result], stopping: Stopping) -> Result:
        with self._inner.observed_by(observers_of(stopping)):
            return self._do(lambda: work(stopping.get("stop")))

    def _planned(self, work: Callable[[], Body]) -> Plan:
        return Plan(self._do(work), self._inner.wall.now())

    def _do(self, work: Callable[[], T]) -> T:
        with expected(self._inner.redact):
            return work()


def session(stack: str | Path = ".", **opening: Unpack[Opening]) -> Session:
    """Open a stack: a folder with ``stack.py``, or a file. Nothing is read from an estate by it.

    Raises:
        HaplanError: There is no stack.
    """
    options, surrounding = opening_of(opening)
    with expected():
        return Session(open_session(stack, options, **surrounding))


def environments(stack: str | Path = ".") -> tuple[str, ...]:
    """The environments that have variables beside the stack, or were applied from there; without the lab."""
    place = Path(stack)
    root = place if place.is_dir() else place.parent
    return tuple(sorted(with_state(root) | with_variables(root)))


def session_of(plan: Plan, *, where: str = "", **opening: Unpack[Opening]) -> Session:
    """Open what a plan was made for, to carry it out; no stack code is run.

    Args:
        where: Stands before what is refused, such as the name of a file.

    Raises:
        HaplanError: It needs other options than those that were given.
        Denied: It was read from a file, and runs commands, or keeps its state on a host, that nobody here allowed.
    """
    options, surrounding = opening_of(opening)
    with expected():
        return Session(engine.session_for(plan.body, options, where=where, **surrounding))
