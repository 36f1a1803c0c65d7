"""Resources as a backend takes them: as they are recorded, as a stack wants them, as a transaction leaves them."""

from collections.abc import Iterable, Mapping

from haplan.design.index import Resource
from haplan.plugin import Action, Change, Part, Row, Stack, Target, Tree, decode, without

GOING = (Action.DELETE, Action.FORGET)

Resources = dict[str, Resource]
"""By address."""


def of_row(row: Row) -> Resource:
    """A resource as it is recorded."""
    return Resource(
        address=row.address,
        type=row.type,
        name=row.name,
        values=decode(row.values),
        owner=row.owner,
        needs=row.depends_on,
    )


def of_change(change: Change, values: Mapping[str, Tree] | None) -> Resource:
    """A resource that changes, with what it says before or after."""
    return Resource(
        address=change.address,
        type=change.type,
        name=change.name,
        values=values or {},
        owner=change.owner,
        needs=change.depends_on,
    )


def recorded(rows: Mapping[str, Row]) -> Resources:
    """What is recorded."""
    return {address: of_row(row) for address, row in rows.items()}


def wanted(known: Mapping[str, Resource], targets: Iterable[Target]) -> Resources:
    """What is recorded, as a stack wants it: in the order of the stack, what it is not about last."""
    asked = {
        one.address: Resource(
            address=one.address, type=one.type, name=one.name, values=one.values, owner=one.owner, needs=one.needs
        )
        for one in targets
        if not one.leaving and not one.data
    }
    gone = {one.address for one in targets}
    return {**asked, **{address: one for address, one in known.items() if address not in gone}}


def changed(known: Mapping[str, Resource], parts: Iterable[Part]) -> Resources:
    """What is recorded, as it is to be after these changes."""
    found = dict(known)
    for change in (part.change for part in parts):
        if change.action in GOING or change.after is None:
            found.pop(change.address, None)
        else:
            found[change.address] = of_change(change, without(without_name(change.after), change.unset))
    return found


def of_stack(stack: Stack, provider: str) -> Resources:
    """What a stack has of one provider, by its key."""
    blocks = (block for block in stack.blocks.values() if block.provider == provider and not block.data)
    return {
        one.address: Resource(
            address=one.address, type=one.type, name=str(one.name), values=one.wanted, owner=one.owner, needs=one.needs
        )
        for one in blocks
    }


def steers_otherwise(change: Change) -> bool:
    """True if traffic takes another way from now on: a policy gets another steering, a steering rule other paths."""
    before, after = change.before, change.after
    if before is None or after is None or change.type not in ("policy", "steering"):
        return False
    names = ("steering",) if change.type == "policy" else ("paths", "strategy")
    return any(before.get(name) != after.get(name) for name in names if name not in change.respelled)


def without_name(values: Mapping[str, Tree]) -> dict[str, Tree]:
    """Values without the remote name, which a change carries among them."""
    return {key: value for key, value in values.items() if key != "name"}
