"""Saves of one moment are one save, and keep their order."""

from haplan.model.state import OrderRow, PlacementRow, Row, Update
from haplan.steps.apply.group import Group


def update(address: str, *, deleted: bool = False, order: str = "") -> Update:
    """What one transaction leaves."""
    return Update(
        run="r",
        rows=() if deleted else (Row(address, "t", "p"),),
        deleted=((address, ""),) if deleted else (),
        expected={(address, ""): 3},
        placements=(PlacementRow(address, "d", ""),),
        orders=(OrderRow(order, "l", ("a",)),) if order else (),
        intents=((len(address), "done", {}),),
    )


def test_updates_of_different_things_are_one_save() -> None:
    saved: list[Update] = []
    group = Group(saved.append)
    group.add(update("a"))
    group.add(update("bb", order="d"))
    assert saved == []
    group.flush()
    group.flush()
    (one,) = saved
    assert [row.address for row in one.rows] == ["a", "bb"]
    assert one.expected == {("a", ""): 3, ("bb", ""): 3}
    assert [row.address for row in one.placements] == ["a", "bb"]
    assert [row.document for row in one.orders] == ["d"]
    assert [number for number, _, _ in one.intents] == [1, 2]


def test_updates_of_one_thing_are_saved_one_after_the_other() -> None:
    saved: list[Update] = []
    group = Group(saved.append)
    group.add(update("a"))
    group.add(update("a", deleted=True))
    group.flush()
    assert [(len(one.rows), len(one.deleted)) for one in saved] == [(1, 0), (0, 1)]


def test_the_sequences_of_one_document_are_saved_one_after_the_other() -> None:
    saved: list[Update] = []
    group = Group(saved.append)
    group.add(update("a", order="d"))
    group.add(update("b", order="d"))
    group.flush()
    assert len(saved) == 2
