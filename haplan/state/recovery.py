"""What could not be saved, kept in a file until it can be."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast, get_args

import attrs

from haplan.errors import StateError, StateNotSaved
from haplan.model.canonical import parse
from haplan.model.document import Document
from haplan.model.state import IntentOutcome, OrderRow, OutputRow, PlacementRow, Row, Update
from haplan.model.value import Tree
from haplan.state import files
from haplan.state.codec import document
from haplan.state.nouns import revive

DOCUMENT = "haplan-recovery/1"


@attrs.frozen
class Recovery:
    """One update that waits.

    Attributes:
        lineage: Of the state it belongs to; "" if that could not be read.
        update: To be given to `save` once the lock is held again.
    """

    lineage: str
    update: Update


def not_saved(place: str, folder: Path, stem: str, lineage: str, update: Update, error: object) -> StateNotSaved:
    """The error to raise, after the update was written to a recovery file.

    Args:
        place: The state, for people.
        folder: Where the file goes; if there is no room either, to the folder for temporary files.
        stem: What its name begins with.
        lineage: Of the state.
        update: What waits.
        error: Why it could not be saved.
    """
    text = document(_parts(lineage, update), strict=False)
    for tried in (folder, Path(tempfile.gettempdir())):
        with suppress(OSError):
            file = _write(tried, f"{stem}.recovery-{update.run}", text)
            return StateNotSaved(
                f"state {place} could not be saved: {error}; what was to be saved is in {file}: "
                f"mend the cause, then `haplan state recover {file}`",
                file,
            )
    return StateNotSaved(
        f"state {place} could not be saved: {error}; nor could a recovery file be written: make room, then plan again: "
        "open intents in the state say what was under way"
    )


def read(path: Path) -> Recovery:
    """A recovery file.

    Raises:
        StateError: It is none, or was damaged.
    """
    try:
        data = parse(files.read(path))
    except OSError as error:
        raise StateError(f"recovery file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise StateError(f"recovery file {path} cannot be read: {error}") from None
    if not isinstance(data, dict) or data.get("format") != DOCUMENT:
        raise StateError(f"{path} is not a recovery file of this haplan: its format must be {DOCUMENT!r}")
    try:
        return Recovery(lineage=data["lineage"], update=_update(data["update"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"recovery file {path} is damaged: {type(error).__name__} {error}") from None


def _parts(lineage: str, update: Update) -> dict[str, Tree]:
    cells = attrs.asdict(update, recurse=False)
    cells["expected"] = [[*key, serial] for key, serial in update.expected.items()]
    return {"format": DOCUMENT, "lineage": lineage, "update": cells}


def _update(cells: Mapping[str, Tree]) -> Update:
    return Update(
        run=str(cells["run"]),
        rows=revive(tuple[Row, ...], cells["rows"], "rows"),
        deleted=tuple((address, deposed) for address, deposed in cells["deleted"]),
        expected={(address, deposed): int(serial) for address, deposed, serial in cells["expected"]},
        placements=revive(tuple[PlacementRow, ...], cells["placements"], "placements"),
        placements_gone=tuple((a, Document.parse(document), part) for a, document, part in cells["placements_gone"]),
        orders=revive(tuple[OrderRow, ...], cells["orders"], "orders"),
        outputs=revive(tuple[OutputRow, ...] | None, cells["outputs"], "outputs"),
        identities=dict(cells["identities"]),
        settings=dict(cells["settings"]),
        memories=dict(cells["memories"]),
        destinations=dict(cells.get("destinations", {})),  # 0.1.0 knew none
        intents=tuple((int(id), _outcome(outcome), dict(result)) for id, outcome, result in cells["intents"]),
    )


def _outcome(word: str) -> IntentOutcome:
    if word not in get_args(IntentOutcome):
        raise ValueError(f"outcome {word!r} is unknown")
    return cast(IntentOutcome, word)


def _write(folder: Path, stem: str, text: str) -> Path:
    """A new file of its own: a run that fails to save twice has two."""
    number = 1
    while True:
        file = folder / f"{stem}-{number}.json"
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            number += 1
            continue
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
        except OSError:
            file.unlink(missing_ok=True)  # half a recovery file would be taken for a whole one
            raise
        return file
