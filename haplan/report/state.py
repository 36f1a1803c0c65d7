"""State as people read it: the list of resources, one resource, the runs, the outputs."""

from collections.abc import Iterable, Mapping, Sequence

from haplan.model import devices
from haplan.model.state import OutputRow, Row, Run, State
from haplan.model.unfinished import places
from haplan.report import words
from haplan.report.changes import whole
from haplan.report.lines import Lines, line, table, title
from haplan.report.modules import values_of


def state_lines(state: State, *, environment: str) -> Lines:
    """What ``haplan show`` says of a state."""
    if not state.lineage:
        return [line(f"No state in environment {environment} yet: nothing was applied.")]
    count = words.plural(len(state.rows), "resource")
    lines = [line(f"environment {environment} · lineage {state.lineage} · serial {state.serial} · {count}")]
    lines += [line(_estate(key, estate)) for key, estate in sorted(state.identities.items()) if key != "haplan"]
    if state.rows:
        lines += title("Resources")
        lines += list_lines(row for _, row in sorted(state.rows.items()))
    if state.intents:
        lines += title("Open writes of a run that did not end")
        lines += table([(one.address, one.step, one.run) for one in state.intents])
    return [*lines, *(title("Outputs") if state.outputs else []), *output_lines(state.outputs)]


def _estate(key: str, estate: Mapping[str, str]) -> str:
    return " ".join(
        word for word in (f"{key}:", estate.get("kind", ""), estate.get("name", ""), estate.get("id", "")) if word
    )


def list_lines(rows: Iterable[Row]) -> Lines:
    """One line a resource: address, id, and its status where that is not ``ok``."""
    return table([(_address(row), row.id, "" if row.status == "ok" else row.status.replace("_", " ")) for row in rows])


def _address(row: Row) -> str:
    return f"{row.address} (deposed {row.deposed})" if row.deposed else row.address


def placed(state: State, address: str) -> dict[str, str]:
    """Document → whether it carries its part of a resource: ``done``, ``pending`` or ``reverted``."""
    found: dict[str, str] = {}
    for one in (state.placements[key] for key in sorted(state.placements, key=str) if key[0] == address):
        if found.get(str(one.document), "done") == "done":  # of several parts in one document the missing one counts
            found[str(one.document)] = one.status
    return dict(sorted(found.items()))


def row_lines(row: Row, documents: Mapping[str, str] = {}) -> Lines:
    """Everything that is remembered of one resource, but no secret.

    Args:
        row: The resource.
        documents: As `placed` gives them.
    """
    values, sensitive = values_of(row)
    facts = [
        ("type", row.type),
        ("name", row.name),
        ("provider", row.provider_key),
        ("id", row.id),
        ("status", row.status),
    ]
    facts += [("serial", str(row.serial)), ("written at", row.source), ("depends on", ", ".join(row.depends_on))]
    facts += _on_devices(row) or _where(documents) or _still_on(row, documents)
    lines = [line((_address(row), "strong")), *table([fact for fact in facts if fact[1]])]
    return [*lines, *title("Values"), *whole(values, sensitive)]


def _where(documents: Mapping[str, str]) -> list[tuple[str, str]]:
    """Of what not all documents have, which have it and which have not."""
    names = words.documents(documents)
    done = [names[one] for one, status in documents.items() if status == "done"]
    missing = [names[one] for one, status in documents.items() if status != "done"]
    return [("done on", ", ".join(done)), ("missing on", ", ".join(missing))] if missing else []


def _on_devices(row: Row) -> list[tuple[str, str]]:
    """Of what not all devices of a write have, on how many it is, and which have it not and why."""
    lacking = [f"{name} ({text})" for name, text in devices.missing(row.private)]
    count = devices.count(row.private)
    return [("done on", f"{count - len(lacking)} of {count}"), ("missing on", ", ".join(lacking))] if lacking else []


def _still_on(row: Row, documents: Mapping[str, str]) -> list[tuple[str, str]]:
    """Of what was to go, which documents did not let it go."""
    names = words.documents(documents)
    still = dict.fromkeys(str(document) for document, _ in places(row.private) if str(document) in documents)
    return [("still on", ", ".join(names[one] for one in still))] if still else []


def freed(records: int, size: int, left: int, left_size: int) -> str:
    """What became of the records of runs."""
    gone = f"{words.plural(records, 'record')} of runs removed, {words.size(size)}"
    return f"{gone}; {words.plural(left, 'record')} left, {words.size(left_size)}"


def run_lines(runs: Sequence[Run], *, writing: bool = False, sizes: Mapping[str, int] = {}) -> Lines:
    """One line a run, the latest last; `writing` says that the last one may still be under way, `sizes` how large the
    record of each is."""
    rows: list[tuple[str, ...]] = [
        (run.id, str(run.serial), run.command, words.moment(run.started), run.result or "did not end", run.who)
        for run in runs
    ]
    if rows and writing and not runs[-1].result:
        rows[-1] = (*rows[-1][:4], "under way", rows[-1][5])
    if not rows:
        return [line("No runs yet.")]
    head: tuple[str, ...] = ("run", "serial", "command", "started", "result", "who")
    if sizes:
        kept = [words.size(sizes[row[0]]) if row[0] in sizes else "" for row in rows]
        head, rows = (*head, "record"), [(*row, size) for row, size in zip(rows, kept, strict=True)]
    return table([head, *rows], indent=0)


def output_lines(outputs: Mapping[str, OutputRow]) -> Lines:
    """Name and value; sensitive ones say so."""
    return table(
        [(name, words.SENSITIVE if one.sensitive else words.value(one.value)) for name, one in sorted(outputs.items())]
    )
