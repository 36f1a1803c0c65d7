"""Who reaches what, by which way, and what becomes of that when something fails: what a model of traffic answers."""

from collections.abc import Mapping
from enum import StrEnum

import attrs


class Becomes(StrEnum):
    """What becomes of a flow when something fails."""

    SAME = "same"
    TO = "to"
    ONLY = "only"
    PART = "part"
    STOPS = "stops"
    GONE = "gone"
    UNKNOWN = "unknown"


@attrs.frozen
class Outcome:
    """What becomes of new connections.

    Attributes:
        becomes: ``same``; ``to`` another path; ``only`` some of those that shared it; ``part`` goes on and the rest is
            sent where it is lost; ``stops``; ``gone``, where the source went with what failed; ``unknown``.
        way: The paths that are left, for ``to``, ``only`` and ``part``.
        why: In words, where there is something to say.
        remedy: What would keep it, in words.
    """

    becomes: Becomes
    way: str = ""
    why: str = ""
    remedy: str = ""

    @property
    def words(self) -> str:
        """``same``, ``to wan1``, ``only wan0``, ``stops``."""
        return f"{self.becomes} {self.way}" if self.way else str(self.becomes)


SAME = Outcome(Becomes.SAME)
"""Nothing becomes of it."""


@attrs.frozen(kw_only=True)
class Answer:
    """What becomes of a flow, as one reading of the list of policies has it.

    Attributes:
        reading: ``order``, from the top; or ``narrow``, by the most specific destination.
        policy: Name of the policy of the list that decides; ``-`` for none, ``ambiguous`` where it is not one.
        steering: Name of its steering rule, "" for none.
        kind: ``way``, ``deny``, ``stops`` (allowed, and it leads nowhere) or ``unknown``.
        words: The way with nothing failed, ``wan0 > wan1``; or what stops it, ``deny at h1``.
        why: In words, where there is something to say.
        at: The pair that denies it, "" for the one where it starts.
        decides: Name of the policy that decides on the device, where it is another one than that of the list.
        into: The networks of the design that it arrives in.
        outcomes: Failure → what becomes of it; without those that change nothing.
    """

    reading: str
    policy: str
    steering: str
    kind: str
    words: str
    why: str = ""
    at: str = ""
    decides: str = ""
    into: tuple[str, ...] = ()
    outcomes: Mapping[str, Outcome] = attrs.field(factory=dict)

    @property
    def effect(self) -> tuple[object, ...]:
        """What users of the network notice of it, whichever policy says so."""
        return (self.kind, self.words, self.into, tuple(sorted(self.outcomes.items(), key=lambda item: item[0])))

    def outcome(self, failure: str) -> Outcome:
        """What becomes of it under a failure."""
        return self.outcomes.get(failure, SAME)


@attrs.frozen(kw_only=True)
class Stream:
    """One network and one piece of the destinations.

    Attributes:
        network: Where it starts.
        to: The piece, in the shortest words that say it.
        answers: One, or one for each reading where they differ.
        unless: Applications by name that an earlier policy takes, whatever their addresses are.
        steps: How it was found, each with the address of the policy that it is about; for one flow that is asked for.
    """

    network: str
    to: str
    answers: tuple[Answer, ...]
    unless: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Group:
    """Sites whose traffic goes alike.

    Attributes:
        owner: Address of the template or profile.
        family: Of the hardware.
        sites: Names.
        failures: What may fail, in order.
        streams: What starts there.
        notes: What could not be worked out, one line each.
    """

    owner: str
    family: str
    sites: tuple[str, ...]
    failures: tuple[str, ...]
    streams: tuple[Stream, ...]
    notes: tuple[str, ...] = ()


@attrs.frozen
class Traffic:
    """Who reaches what in a design; `lines` has the place in the stack of the policies and rules that are named."""

    groups: tuple[Group, ...]
    lines: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Question:
    """What of the traffic is asked for.

    Attributes:
        source: A network, or ``network@site``; "" for all.
        to: An application, or an address as ``10.1.1.1:443/tcp``; "" for all destinations.
        at_once: How many things fail at once: one or two.
        fail: Failures by name; none for all.
        sites: Sites by name; none for all.
    """

    source: str = ""
    to: str = ""
    at_once: int = 1
    fail: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
