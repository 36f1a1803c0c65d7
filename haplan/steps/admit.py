"""Admit: what a plan that somebody else may have made would reach and run here, before the first byte is sent.

A plan file carries hosts that get this machine's credentials. Those that the environment or the state names for the
same provider or device are known; one that differs from them is refused unless it is allowed by name, and one that
neither knows is asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import attrs

from haplan.errors import Denied
from haplan.model.origin import Destination, bare
from haplan.model.sources import commands

ALLOW_HOST, ALLOW_COMMAND = "--allow-host", "--allow-command"
MOST = 20
"""So many destinations of one provider are listed; `haplan show --full` lists them all."""


@attrs.frozen
class Known:
    """Where the same providers send to by what is known here, by who says so: ``the environment``, ``the state``."""

    by: Mapping[str, tuple[Destination, ...]]

    def same(self, one: Destination) -> bool:
        """True if somebody names just that."""
        return any(one in found for found in self.by.values())

    def others(self, one: Destination) -> list[tuple[str, Destination]]:
        """What is named in its place, and by whom."""
        at = (one.provider, one.name)
        return [(who, other) for who, found in self.by.items() for other in found if (other.provider, other.name) == at]


def admit(
    planned: Iterable[Destination],
    reached: Iterable[Destination],
    known: Known,
    allowed: Iterable[str],
    *,
    lab: bool = False,
) -> tuple[Destination, ...]:
    """The destinations that nobody here knows: somebody has to be asked about them.

    Args:
        planned: What the plan says it reaches.
        reached: What it would reach from here: its settings and resources, and where they say nothing the environment.
        known: What is known here.
        allowed: Globs of hosts that are let in by name.
        lab: It is for simulators: loopback needs nobody's word.

    Raises:
        Denied: One line for each that differs from what is known, or that the plan does not speak of.
    """
    said, globs = set(planned), tuple(allowed)
    wrong, unknown = [], []
    for one in reached:
        if lab and one.loopback:
            continue
        if one not in said:
            wrong.append(_unsaid(one, said, lab=lab))
        elif known.same(one) or _allowed(one, globs):
            continue
        elif others := known.others(one):
            wrong.append(_differs(one, others))
        else:
            unknown.append(one)
    if wrong:
        raise Denied("\n".join(wrong))
    return tuple(unknown)


def refuse_commands(sources: Iterable[str], *, allowed: bool, who: str = "the plan") -> None:
    """Refuse the command lines among the sources of secrets, unless they are let in by name.

    Raises:
        Denied: One line for each.
    """
    lines = [f"{who} takes a secret from {one}; {ALLOW_COMMAND} lets it run" for one in commands(tuple(sources))]
    if lines and not allowed:
        raise Denied("\n".join(lines))


def unknown_line(key: str, unknown: Sequence[Destination]) -> str:
    """The line about destinations of a provider that nobody here knows."""
    which = "it" if len(unknown) == 1 else "them"
    names = _listed([str(one) for one in unknown])
    return f"provider {key!r}: this plan sends to {names}; neither the environment nor the state names {which}"


def option_for(found: Iterable[Destination]) -> str:
    """The options that let these in."""
    hosts = dict.fromkeys(bare(host) for one in found for host in one.hosts)
    names = [*hosts][:MOST]
    return " ".join(f"{ALLOW_HOST} {host}" for host in names) + (" …" if len(hosts) > MOST else "")


def _allowed(one: Destination, globs: tuple[str, ...]) -> bool:
    return all(any(fnmatchcase(word, glob) for glob in globs for word in (host, bare(host))) for host in one.hosts)


def _differs(one: Destination, others: list[tuple[str, Destination]]) -> str:
    at = f" for {one.name}" if one.name else ""
    named = " and ".join(f"{who} names {other}" for who, other in others)
    return f"provider {one.provider!r}: the plan sends to {one}{at}, and {named}; {option_for([one])} lets it"


def _unsaid(one: Destination, said: set[Destination], *, lab: bool) -> str:
    names = _listed(sorted(str(other) for other in said if (other.provider, other.name) == (one.provider, one.name)))
    its = "the plan is for simulators" if lab else f"the plan says {names}" if names else "the plan says nothing of it"
    return f"provider {one.provider!r} would send to {one} from here, and {its}; mend the environment, or plan again"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more (haplan show --full lists them)" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
