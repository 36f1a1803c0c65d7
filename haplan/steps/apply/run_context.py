"""What a run works with, and what its threads tell its loop."""

import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Event as Flag
from typing import Any

import attrs

from haplan.contracts import Clock, Provider, Settlement, StateBackend
from haplan.errors import HaplanError
from haplan.model.event import Event, EventKind
from haplan.model.finding import Rule, explained
from haplan.model.schema import TypeInfo
from haplan.model.state import Holder, Intent, Run, State
from haplan.model.value import Secret


@attrs.frozen(kw_only=True)
class RunContext:
    """What a run works with.

    Attributes:
        backend: Where state is kept; locked by `holder`.
        holder: Who holds the lock.
        run: The run, opened.
        state: As loaded under the lock.
        providers: By key.
        types: Resource types by name.
        rules: Of all moments.
        clock: Time.
        tell: Takes every event.
        stop: Set once Ctrl-C was pressed: nothing new is started.
        parallelism: Most writes at once.
        fingerprint: Gives a secret its fingerprint, where it can be resolved.
        wall: Real time, by which leases go: simulated hours must not end one.
        catch_up: Tells what providers noted in threads of their own.
        redact: Takes the secrets that were learned out of what is to be kept.
        before, after: The rules of the moments before and after a write.
    """

    backend: StateBackend
    holder: Holder
    run: Run
    state: State
    providers: Mapping[str, Provider]
    types: Mapping[str, TypeInfo]
    rules: tuple[Rule, ...]
    clock: Clock
    tell: Callable[[Event], None]
    stop: Flag
    parallelism: int = 10
    fingerprint: Callable[[Secret], Secret] = lambda secret: secret
    wall: Callable[[], float] = time.time
    catch_up: Callable[[], None] = lambda: None
    redact: Callable[[Any], Any] = lambda tree: tree
    before: tuple[Rule, ...] = attrs.field(init=False)
    after: tuple[Rule, ...] = attrs.field(init=False)

    @before.default
    def _before(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if "A" in rule.moments and rule.check is not explained)

    @after.default
    def _after(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if "C" in rule.moments and rule.check is not explained)


@attrs.frozen
class Ending:
    """What ends a write after its checks, as its provider says.

    Attributes:
        confirms: It takes itself back unless it is confirmed.
        reverts: It can be taken back.
    """

    confirms: bool = False
    reverts: bool = False


@attrs.frozen
class Announce:
    """A worker wants an intent made durable, and waits for the answer: until when the write may begin, or why not.

    Attributes:
        again: True if it is durable already, and the writer came too late to begin.
    """

    intent: Intent
    answer: "SimpleQueue[HaplanError | float]"
    again: bool = False


@attrs.frozen
class Progress:
    """How a write goes, or what is kept of it: an event of this kind."""

    transaction: str
    kind: EventKind
    text: str


@attrs.frozen
class Polled:
    """What a provider said of all that settles; `error` is what it raised instead."""

    provider: str
    found: Mapping[str, Settlement]
    error: HaplanError | None = None
