"""Data sources: what a stack reads and never changes."""

import attrs

from haplan.contracts import Seen
from haplan.model import value as model
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.stack import Block
from haplan.model.value import Tree
from haplan.steps.diff.work import Work, change_of


def data_source(work: Work, block: Block, seen: Seen | None) -> Change | None:
    """A data source: known now, or read at apply, or readable in a moment, as its name is known by now."""
    name, chosen = model.partly(block.name, work.known), work.selection.has(block.address)
    why = _why_later(work, block, name) if chosen else ""
    if why:
        work.know(block.address, {}, None)
        shown = name if isinstance(name, str) else ""
        later = change_of(block, Action.READ, Reason.READ_LATER, {"name": name}, None)
        return attrs.evolve(later, name=shown, because=why)
    if chosen and seen is None and name not in (block.name, work.read.get(block.address)):
        work.readable[block.address] = name
    elif chosen and seen is None:
        text = f"no {block.type.replace('_', ' ')} named {name!r} exists"
        work.findings.append(Finding.at(block, "MISSING", text, hint="create it, or mend the name"))
    work.know(block.address, {}, seen, seen.values if seen else None)
    return None


def _why_later(work: Work, block: Block, name: Tree) -> str:
    """Why a data source is read at apply, or "" if it can be read now."""
    unknown = next(model.references(name), None)
    if unknown is not None:
        return f"read at apply: {unknown} is known after apply"
    for reference in block.references:
        change = work.changes.get(reference.address)
        if change is not None and change.reason is not Reason.REMEMBERED:
            return f"read at apply: {reference.address} changes before"
    return ""
