"""How pairs are: the verdict first, then what is red, what nobody told, and what was looked at; as text and JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from haplan.errors import HaplanError
from haplan.model.health import SNAPSHOT, Check, Snapshot
from haplan.model.moment import moment
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.lines import Line, Lines, line, title
from haplan.state import files

HEADS = (("red", "Red", "error"), ("unknown", "Not known", "warning"), ("green", "Green", "good"))


def health_lines(found: Snapshot, since: float | None = None) -> Lines:
    """The whole report; `since` is when the snapshot was taken that it was compared with."""
    lines = [line((found.stack, "strong"), f" · environment {found.environment} · seen {moment(found.at)}")]
    lines += [line(f"compared with {moment(since)}: red is what was up then and is down now")] if since else []
    lines.append(_verdict(found))
    for colour, head, style in HEADS:
        checks = [one for one in found.checks if one.colour == colour]
        if checks:
            lines += title(head)
            lines += [line((f"{one.address}", style), f"  {text}", indent=2, hang=6) for one, text in _by_pair(checks)]
    return lines


def _verdict(found: Snapshot) -> Line:
    pairs = len({one.address for one in found.checks})
    red, unknown = found.count("red"), found.count("unknown")
    if not found.checks:
        return line(("Nothing to look at: ", "warning"), "no pair is recorded or wanted here.")
    said = f"{words.plural(pairs, 'pair')}: {found.count('green')} checks green, {red} red, {unknown} not known"
    if red:
        return line(("Not well. ", "error"), said)
    return line(("Nothing seen is down. ", "good" if not unknown else "warning"), said)


def _by_pair(checks: Sequence[Check]) -> Iterator[tuple[Check, str]]:
    """One line a red check; what is green or not known of a pair for the same reason together."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for one in checks:
        alike = one.text if one.colour == "unknown" else one.title if one.colour == "red" else ""
        groups.setdefault((one.address, alike), []).append(one)
    for same in groups.values():
        titles = ", ".join(f"{one.title} ({one.rule})" for one in same)
        yield same[0], f"{titles}: {same[0].text}" if same[0].colour != "green" else titles


def health_json(found: Snapshot) -> dict[str, Tree]:
    """The same for machines; also what a snapshot's file holds."""
    counts: dict[str, Tree] = {colour: found.count(colour) for colour in ("green", "red", "unknown")}
    checks: list[Tree] = [{**attrs.asdict(one), "down": list(one.down)} for one in found.checks]
    return {
        "format": SNAPSHOT, "stack": found.stack, "environment": found.environment, "at": found.at, "counts": counts,
        "checks": checks,
    }  # fmt: skip


def read_snapshot(path: Path) -> Snapshot:
    """A snapshot from its file.

    Raises:
        HaplanError: There is no such file, or it is none.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(held, Mapping) or held.get("format") != SNAPSHOT:
            raise ValueError
        return Snapshot(
            stack=str(held["stack"]), environment=str(held["environment"]), at=float(held["at"]),
            checks=tuple(_check(one) for one in held["checks"]),
        )  # fmt: skip
    except OSError as error:
        raise HaplanError(f"{path}: {error.strerror}; `haplan snapshot --out {path}` writes one") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HaplanError(f"{path}: is no snapshot; `haplan snapshot --out FILE` writes one") from None


def write_snapshot(found: Snapshot, path: Path) -> None:
    """Into a file: a file of that name stays as it is until this one is whole.

    Raises:
        HaplanError: The file cannot be written.
    """
    try:
        files.put(path, (json.dumps(health_json(found), ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise HaplanError(f"{path}: cannot write the snapshot: {error.strerror}") from None


def _check(held: Mapping[str, Tree]) -> Check:
    texts = {name: str(held[name]) for name in ("address", "rule", "title", "text")}
    if held["colour"] not in ("green", "red", "unknown"):
        raise ValueError
    return Check(**texts, colour=held["colour"], down=tuple(map(str, held["down"])))
