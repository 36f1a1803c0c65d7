"""What is found otherwise is told at the attribute that it is of, and costs what a change of that one costs."""

from typing import Any

import pytest

from haplan.design import haplan_resources
from haplan.model.plan import Action, Change
from haplan_ssr import assess
from haplan_ssr.translate import translate
from haplan_ssr.translate.tree import HERE, Path, words
from tests.ssr.conftest import Design
from tests.ssr.test_refresh import SPOKE, look

TYPES = {kind.haplan_type.name: kind.haplan_type for kind in haplan_resources()}  # type: ignore[attr-defined]


def test_no_leaf_is_of_an_attribute_whose_change_replaces_its_resource(design: Design) -> None:
    translation = translate(design.pieces())
    for path, given in translation.entries.items():
        first = given.sources[0]
        attribute = TYPES[first.address.partition(".")[0]].attributes[first.way[0]]
        assert path in translation.own.values() or not attribute.replaces, (words(path), first)


@pytest.mark.parametrize(
    ("path", "value", "address", "kind"),
    [
        ((*SPOKE, "location"), "the attic", "site.s", "config-push"),
        ((*SPOKE, "inter-node-security"), "weak", "cluster.spoke", "config-push"),
        ((*SPOKE, ("node", "node0"), "asset-id"), "Z", "cluster.spoke", "reboot"),
    ],
)  # fmt: skip
def test_what_somebody_changed_costs_what_it_takes_to_put_it_back(
    design: Design, path: Path, value: str, address: str, kind: str
) -> None:
    live = {**translate(design.pieces()).flat(), path: value}
    at, seen = look(live, design, design)
    wanted = design.values(address)
    before: Any = seen[address].values
    change = Change(address=address, type=address.partition(".")[0], name=address.partition(".")[2], provider="ssr",
                    action=Action.UPDATE, before=before, after=wanted)  # fmt: skip
    impact = assess.assess(at, change).impact
    assert impact.kind == kind
    if kind == "reboot":
        assert impact.note == "node0 is another box: Z on the conductor, A from now on"


def test_where_nobody_says_an_address_the_location_is_left(design: Design) -> None:
    live = translate(design.pieces()).flat()
    hub: Path = (*SPOKE[:-1], ("router", "hub"))
    assert live[hub] is HERE
    _, seen = look({**live, (*hub, "location"): "the attic"}, design, design)
    assert "site" in seen["cluster.hub"].values
    assert seen["cluster.hub"].values == look(live, design, design)[1]["cluster.hub"].values
