"""Who reaches what, as text, JSON and markdown: a matrix of what becomes of it, and sentences of what is lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.model.traffic import Answer, Becomes, Group, Outcome, Stream, Traffic
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.lines import BLANK, WIDTH, Line, Lines, line, table, wide

SITES, MANY, HEADS = 3, 8, 4
READINGS = {"order": "read from the top", "narrow": "read by the narrowest"}
SHORT = {Becomes.SAME: "=", Becomes.STOPS: "STOPS", Becomes.UNKNOWN: "?", Becomes.GONE: "source gone"}
LOST = {
    Becomes.STOPS: "does not survive {}",
    Becomes.PART: "survives {} in part",
    Becomes.UNKNOWN: "may not survive {}",
}
LEGEND = "= the same way; ? not known; part STOPS: some of it is sent where it is lost; of new connections"
SESSIONS = (
    "Connections that there are already are lost with the circuit they leave by, and with the node that it is on."
)


def traffic_lines(found: Traffic) -> Lines:
    """For each group of equal sites the matrix, and below it what does not survive."""
    lines: Lines = []
    for group in found.groups:
        lines += [BLANK] if lines else []
        lines += _group(group, found.lines)
    return [*lines, BLANK, line((SESSIONS, "dim"))] if lines else []


def _group(group: Group, places: Mapping[str, str]) -> Lines:
    lines = [line((sites(group), "strong"), f"  {group.owner}{f', {group.family}' if group.family else ''}")]
    lines += [line((f"not known: {note}", "warning"), indent=2) for note in group.notes]
    lines += [row for stream in group.streams for row in _steps(stream, places)]
    lines += _matrix(group)
    lines += [line(text, indent=2) for text in _denied(group)]
    lines += [line(text, indent=2) for text in sentences(group, places)]
    return lines


def sites(group: Group) -> str:
    """The sites of a group; many by their number."""
    return ", ".join(group.sites) if len(group.sites) <= SITES else words.plural(len(group.sites), "site")


def _steps(stream: Stream, places: Mapping[str, str]) -> Iterator[Line]:
    for text, address in stream.steps:
        where = ((f"  {places[address]}", "dim"),) if address in places else ()
        yield line(text, *where, indent=2, hang=6)


# --- the matrix ---


def columns(group: Group) -> list[str]:
    """The failures that something becomes of, in order: parts of hubs, and dead providers, where they are few. All of
    them are in the sentences below, and in JSON."""
    changed = {name for stream in group.streams for answer in stream.answers for name in answer.outcomes}
    found = [name for name in group.failures if name in changed]
    return found if len(found) <= MANY else [name for name in found if "." not in name]


def _matrix(group: Group) -> Lines:
    rows = [(stream, answer) for stream in group.streams for answer in stream.answers if answer.kind != "deny"]
    if not rows:
        return []
    heads = [["", "no failure"], *([_head(stream, answer), _way(answer)] for stream, answer in rows)]
    cells = {name: [name, *(cell(answer.outcome(name)) for _, answer in rows)] for name in columns(group)}
    lines: Lines = []
    for part in _split(heads, cells):
        lines += table([[*head, *(cells[name][at] for name in part)] for at, head in enumerate(heads)], indent=2)
        heads = [[head[0]] for head in heads]  # the way stands in the first part alone
    return [*lines, line((LEGEND, "dim"), indent=2)]


def _split(heads: Sequence[Sequence[str]], cells: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The columns in parts that fit a line, one at least in each."""
    lead = [max(wide(row[at]) for row in heads) + 2 for at in range(2)]
    parts: list[list[str]] = [[]]
    used = 2 + sum(lead)
    for name, column in cells.items():
        width = max(map(wide, column)) + 2
        if used + width > WIDTH and parts[-1]:
            parts.append([])
            used = 2 + lead[0]
        parts[-1].append(name)
        used += width
    return parts


def _head(stream: Stream, answer: Answer) -> str:
    reading = f" ({READINGS[answer.reading]})" if len(stream.answers) > 1 else ""
    return f"{stream.network} → {stream.to}{reading}"


def _way(answer: Answer) -> str:
    return {"stops": "STOPS", "unknown": "?"}.get(answer.kind, answer.words)


def cell(outcome: Outcome) -> str:
    """One cell: ``=``, the way that is left, or that it stops."""
    if outcome.becomes in SHORT:
        return SHORT[outcome.becomes]
    return f"{outcome.way}, part STOPS" if outcome.becomes is Becomes.PART else outcome.way


def _denied(group: Group) -> Iterator[str]:
    for stream in group.streams:
        for answer in stream.answers:
            if answer.kind == "deny":
                by = f" by {answer.policy}" if answer.policy != "-" else ""
                at = f" at {answer.at}" if answer.at else ""
                why = f": {answer.why}" if answer.why and answer.policy != "-" else ""
                yield f"denied{at}{by}: {_head(stream, answer)}{why}"


# --- in sentences ---


def sentences(group: Group, places: Mapping[str, str]) -> Iterator[str]:
    """What is not sure, and what does not survive which failure, with what would have to change."""
    for stream in group.streams:
        yield from _unsure(stream)
    for said, heads in _lost(group, places).items():
        yield f"{words.some(heads, HEADS)} {said}"


def _unsure(stream: Stream) -> Iterator[str]:
    if stream.unless:
        yield f"{stream.network} → {stream.to}: unless it is {', '.join(stream.unless)}"
    for answer in stream.answers:
        if answer.kind in ("unknown", "stops"):
            said = "is not known" if answer.kind == "unknown" else "STOPS"
            yield f"{_head(stream, answer)} {said}: {answer.why}"
        if answer.kind == "way" and answer.decides:
            yield f"{_head(stream, answer)}: {answer.policy} is the first of the list, and {answer.decides} decides"


def _lost(group: Group, places: Mapping[str, str]) -> dict[str, list[str]]:
    """What does not survive which failures, why, and what would keep it → the flows that it is true of."""
    found: dict[str, list[str]] = {}
    for stream in group.streams:
        for answer in stream.answers:
            for outcome, names in _reasons(group, answer).items():
                becomes = LOST[outcome.becomes].format(words.some(names, 6))
                why = f": {outcome.why}" if outcome.why else ""
                keep = f"; {outcome.remedy} would keep it{_rule(group, answer, places)}" if outcome.remedy else ""
                found.setdefault(f"{becomes}{why}{keep}", []).append(_head(stream, answer))
    return found


def _reasons(group: Group, answer: Answer) -> dict[Outcome, list[str]]:
    """Failures by what becomes of a flow and why."""
    found: dict[Outcome, list[str]] = {}
    for name in group.failures:
        one = answer.outcome(name)
        if one.becomes in LOST:
            found.setdefault(one, []).append(name)
    return found


def _rule(group: Group, answer: Answer, places: Mapping[str, str]) -> str:
    if not answer.steering:
        return ""
    place = places.get(f"steering.{group.owner.partition('.')[2]}.{answer.steering}", "")
    return f" (steering {answer.steering}{f', {place}' if place else ''})"


# --- for machines ---


def traffic_json(found: Traffic) -> dict[str, Tree]:
    """Everything, as plain data."""
    return {"groups": [_plain(group, found.lines) for group in found.groups]}


def _plain(group: Group, places: Mapping[str, str]) -> dict[str, Tree]:
    return {
        "owner": group.owner,
        "family": group.family,
        "sites": list(group.sites),
        "failures": list(group.failures),
        "notes": list(group.notes),
        "flows": [_flow(stream, places) for stream in group.streams],
    }


def _flow(stream: Stream, places: Mapping[str, str]) -> dict[str, Tree]:
    steps = [{"text": text, "address": address, "location": places.get(address, "")} for text, address in stream.steps]
    return {
        "from": stream.network,
        "to": stream.to,
        "unless": list(stream.unless),
        "answers": [_answer(answer) for answer in stream.answers],
        **({"steps": steps} if steps else {}),
    }


def _answer(answer: Answer) -> dict[str, Tree]:
    plain = attrs.asdict(answer, recurse=False, filter=lambda field, _: field.name not in ("outcomes", "into"))
    outcomes = {name: {"becomes": str(one.becomes), "way": one.way, "why": one.why, "remedy": one.remedy}
                for name, one in answer.outcomes.items()}  # fmt: skip
    return {**plain, "arrives_in": list(answer.into), "under": outcomes}


def traffic_markdown(found: Traffic) -> str:
    """A table for each group of equal sites, and the sentences below it."""
    return "\n".join(row for group in found.groups for row in _page(group, found.lines)) + "\n"


def _page(group: Group, places: Mapping[str, str]) -> Iterator[str]:
    yield from (f"## {escaped(sites(group))} ({escaped(group.owner)})", "")
    names = columns(group)
    rows = [(stream, answer) for stream in group.streams for answer in stream.answers if answer.kind != "deny"]
    yield from (_row(["", "no failure", *names]), _row(["---"] * (len(names) + 2)))
    for stream, answer in rows:
        yield _row([_head(stream, answer), _way(answer), *(cell(answer.outcome(name)) for name in names)])
    yield ""
    yield from (f"* {escaped(text)}" for text in (*_denied(group), *sentences(group, places)))
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """A text that a table of markdown takes as it is."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
