"""What a type works out from the stack is its plugin's code: named where it breaks, looked at before it is used."""

from typing import Any

import pytest

from haplan.errors import PluginError
from haplan.language.refs import Ref
from haplan.language.resource import Resource, derived, resource
from haplan.wall.deriving import derived as asked


def odd(work_out: Any) -> Any:
    """A resource with one derived attribute, as a load has it."""

    @resource("pond_odd")
    class Odd(Resource):
        depth: Ref[str] = derived(work_out, init=False)

    made = object.__new__(Odd)
    object.__setattr__(made, "haplan_address", "pond_odd.a")
    return made


def broken(one: object, resources: object) -> Any:
    raise KeyError("oops")


def test_what_breaks_is_named_with_type_attribute_and_address() -> None:
    with pytest.raises(
        PluginError, match=r"type 'pond_odd' of tests: derived depth of pond_odd\.a broke: KeyError: 'oops'; rep"
    ):
        asked(odd(broken), "depth", {})


@pytest.mark.parametrize("given", [object(), {"a": {1}}, [float("nan")], {1: 2}])
def test_what_is_no_plain_data_is_refused(given: Any) -> None:
    with pytest.raises(
        PluginError, match=r"type 'pond_odd' of tests: derived depth of pond_odd\.a gave .* is due; report it"
    ):
        asked(odd(lambda one, resources: given), "depth", {})


@pytest.mark.parametrize("given", [None, "deep", ["a"], {"a": 1}])
def test_plain_data_passes_as_it_is(given: Any) -> None:
    assert asked(odd(lambda one, resources: given), "depth", {}) == given
