"""What is translated already, and held by somebody, is not translated again."""

import gc
import weakref

import attrs

from haplan.design.index import Resource
from haplan_ssr.translate import Terms, translate

NETWORK = Resource(address="network.store", type="network", name="store", values={"subnet": "10.1.0.0/24"})


def test_a_stack_and_what_is_recorded_of_it_are_one_translation_whatever_the_ids() -> None:
    recorded = attrs.evolve(NETWORK, values={**NETWORK.values, "id": "store"})
    assert translate([NETWORK]) is translate([recorded])


def test_other_values_names_needs_or_terms_are_another_translation() -> None:
    held = translate([NETWORK])
    for other in (
        attrs.evolve(NETWORK, values={"subnet": "10.2.0.0/24"}),
        attrs.evolve(NETWORK, name="shop"),
        attrs.evolve(NETWORK, needs=("overlay.org",)),
    ):
        assert translate([other]) is not held
    assert translate([NETWORK], Terms(release=(6, 3, 0))) is not held
    assert translate([NETWORK], Terms(reached=False)) is not held
    assert translate([NETWORK]) is held


def test_a_translation_that_nobody_holds_is_let_go() -> None:
    gone = weakref.ref(translate([attrs.evolve(NETWORK, name="gone")]))
    gc.collect()
    assert gone() is None
