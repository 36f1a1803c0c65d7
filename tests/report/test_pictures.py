"""The picture of a pair in a plan: both boxes side by side, in 80 columns, what changes marked without colour."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.wiring import Mark, Plug, PlugKind, Sheet
from haplan.report.lines import plain, wide
from haplan.report.pictures import picture_lines
from haplan.steps.pictures import pictures


def plug(node: int, number: int, kind: PlugKind, use: str, mark: Mark = "", *, shared: bool = True) -> Plug:
    peer = f"ge-{1 - node}/0/{number}" if shared else ""
    return Plug(
        node=node, box=f"ge-0/0/{number}", port=f"ge-{node}/0/{number}", kind=kind, use=use, face=use, peer=peer,
        mark=mark, to=f"{use} of {node}",
    )  # fmt: skip


PAIR = Sheet(
    address="cluster.a", site="a", model="SSR120", boxes=("02005e000020", "02005e000021"),
    plugs=(
        plug(0, 0, "wan", "wan0", shared=False), plug(0, 1, "free", "", shared=False), plug(0, 3, "lan", "lan", "~"),
        plug(0, 4, "link", "fabric link"), plug(1, 0, "wan", "wan1", "+", shared=False), plug(1, 3, "lan", "lan", "~"),
        plug(1, 4, "link", "fabric link"),
    ),
)  # fmt: skip
DRAWN = """
Pairs
  cluster.a · two SSR120 (and 1 more: cluster.b)
                 node0 02005e000020              node1 02005e000021
                 ┌────────────┐                  ┌────────────┐
          wan0 ──┤ ge-0/0/0   │                  │            │
                 │ ge-0/0/3   ├───── lan ~ ──────┤ ge-1/0/3   │
                 │ ge-0/0/4   ├── fabric link ───┤ ge-1/0/4   │
                 │            │                  │ ge-1/0/0   ├── wan1 +
                 └────────────┘                  └────────────┘
"""


def test_a_pair_is_drawn_once_for_all_that_look_the_same_and_only_where_something_changes() -> None:
    other = attrs.evolve(PAIR, address="cluster.b", site="b")
    still = attrs.evolve(PAIR, address="cluster.c", plugs=tuple(attrs.evolve(one, mark="") for one in PAIR.plugs))
    assert plain(picture_lines(pictures([PAIR, other, still]))) == DRAWN


def test_what_was_read_of_the_boxes_stands_below_and_what_is_not_told_is_left_out() -> None:
    first = {"known": True, "model": "SSR120", "firmware": "6.3", "serial": "X1", "connected": True, "site": "a"}
    facts = {"cluster.a": {"nodes": {"02005e000020": first, "02005e000021": {"known": False}, "02005e000022": {}}}}
    text = plain(picture_lines([PAIR], facts))
    assert text.endswith("""\
    boxes, as read when this plan was made:
      a  02005e000020  SSR120, 6.3, serial X1, connected, at a
      a  02005e000021  not in the inventory
      a  02005e000022
""")


def test_nothing_is_drawn_where_no_pair_changes() -> None:
    assert picture_lines(pictures([])) == []


@given(
    st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40), st.sampled_from(["", "+", "~"]), st.booleans()
)
def test_a_picture_fits_into_80_columns_whatever_things_are_called(
    first: str, second: str, mark: Mark, shared: bool
) -> None:
    plugs = (plug(0, 0, "wan", first, mark, shared=shared), plug(1, 0, "wan", second, mark, shared=shared))
    sheet = attrs.evolve(PAIR, plugs=plugs, marks=("+", "+"))
    rows = plain(picture_lines([sheet])).split("\n")
    assert max(map(wide, rows)) <= 80
