"""Values that flow: what is known only after one change is written, and is needed to write another."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.model.condition import needs
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.plan import Change
from haplan.model.value import Ref, references
from haplan.steps.stages.groups import Group, Place
from haplan.steps.stages.ways import Node, Placements, Way, Ways


@attrs.frozen
class Flow(Edge):
    """A value that is unknown until the apply, from what gives it to what needs it; ``why`` names it.

    Attributes:
        asked: A precondition asks for it; else it is a value of an attribute.
    """

    asked: bool = False


def flows(changes: Sequence[Change], placements: Placements) -> tuple[Flow, ...]:
    """The values that are unknown until the apply."""
    written = {change.address for change in changes if not change.deposed and placements[change.key]}
    found = [
        Flow(ref.address, change.key, "hard", str(ref), asked)
        for change in changes
        if placements[change.key]
        for ref, asked in _unknown(change)
        if ref.address in written and ref.address != change.address
    ]
    return tuple(dict.fromkeys(found))


def _unknown(change: Change) -> Iterator[tuple[Ref, bool]]:
    for ref in references(change.after):
        yield ref, False
    for condition in change.lifecycle.precondition:
        for ref in needs(condition):
            yield ref, True


def impossible(
    found: Ways, values: Sequence[Flow], of: Mapping[Node, Group], changes: Mapping[str, Change]
) -> Iterator[Finding]:
    """The values that would have to be known before the very write that gives them."""
    told: set[tuple[str, str]] = set()
    for (then, index), befores in found.items():
        for (first, at), way in befores.items():
            group = of[then, index]
            if way is Way.VALUE and group is of[first, at] and first != then and (first, then) not in told:
                told.add((first, then))
                flow = next(one for one in values if (one.first, one.then) == (first, then))
                yield _refused(flow, changes[first], changes[then], group)


def _refused(flow: Flow, first: Change, then: Change, group: Group) -> Finding:
    wants = f"its precondition asks for {flow.why}" if flow.asked else f"it takes {flow.why}"
    text = (
        f"{wants}, known only after {first.address} ({first.location}) is written, and both are written at once, in "
        f"{group.document}, which provider {then.provider!r} takes whole"
    )
    hint = "take the reference out, write the value itself, or put one of the two into another document"
    return Finding.at(then, "ORDER", text, hint=hint)


def written_again(
    found: Ways, values: Sequence[Flow], ordered: Sequence[Group], of: Mapping[Node, Group], placements: Placements
) -> Iterator[str]:
    """Why a document is written more than once, where neither a gate nor what goes last says so."""
    flowing = {(flow.first, flow.then): flow for flow in values}
    earlier: dict[Place, set[int]] = {}
    for group in ordered:
        before = earlier.setdefault((group.provider, group.document), set())
        because = _because(group, before, found, flowing, of, placements) if before else ""
        if because:
            yield f"{group.document} is written again: {because}"
        before.add(group.number)


def _because(
    group: Group,
    before: set[int],
    found: Ways,
    flowing: Mapping[tuple[str, str], Flow],
    of: Mapping[Node, Group],
    placements: Placements,
) -> str:
    ways = [(then, first, way) for then in group.nodes for first, way in found[then].items() if of[first] is not group]
    for then, first, way in ways:
        if first[0] == then[0] and placements[then[0]][then[1]].half == "new" and of[first].number in before:
            return f"the old {then[0]} goes before what it needs is replaced, the new one comes after that"
        if way is Way.VALUE and of[first].number in before:
            flow = flowing[first[0], then[0]]
            return f"{then[0]} {'asks for' if flow.asked else 'takes'} {flow.why}, known after {first[0]}"
    if any(way is Way.GATE for _, _, way in ways) or all(placements[key][index].late for key, index in group.nodes):
        return ""
    for then, first, _ in ways:
        if of[first].number not in before and any(one in before for one in _behind(of[first], found, of)):
            return f"{then[0]} waits for {first[0]} in {of[first].document}"
    return ""


def _behind(group: Group, found: Ways, of: Mapping[Node, Group]) -> set[int]:
    """The numbers of all that a group waits for."""
    waiting, visited = [group], {group.number}
    while waiting:
        for node in waiting.pop().nodes:
            for first in found[node]:
                if of[first].number not in visited:
                    visited.add(of[first].number)
                    waiting.append(of[first])
    return visited
