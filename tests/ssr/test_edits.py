"""The way from one configuration to another: few requests, and the result is what was wanted."""

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan_ssr.translate.edits import Edit, edits, moved, outcome
from haplan_ssr.translate.tree import AUTHORITY, HERE, KEYS, Path, flat, nested, url

THERE: dict[str, Any] = {"authority": {
    "name": "x", "tenant": [{"name": "t"}],
    "service": [{"name": "s", "address": ["1.0.0.0/8", "2.0.0.0/8"], "scope": "private",
                 "access-policy": [{"source": "t"}]}],
    "router": [{"name": "r", "location": "here", "service-route": [
        {"name": "q", "service-name": "s", "next-hop": [{"node-name": "n", "interface": "i"}]}]}]}}  # fmt: skip

Change = Callable[[dict[str, Any]], Any]
CASES: list[tuple[str, Change, list[str]]] = [
    ("nothing", lambda at: None, []),
    ("a value", lambda at: at["service"][0].update(scope="public"),
     ['PATCH /authority/service/s {"scope": "public"}']),
    ("a value more in a list", lambda at: at["service"][0]["address"].append("3.0.0.0/8"),
     ['PATCH /authority/service/s {"address": ["1.0.0.0/8", "2.0.0.0/8", "3.0.0.0/8"]}']),
    ("a value less in a list: the entry is made again", lambda at: at["service"][0]["address"].pop(),
     ["DELETE /authority/service/s",
      'POST /authority/service {"name": "s", "address": ["1.0.0.0/8"], "scope": "private",'
      ' "access-policy": [{"source": "t"}]}']),
    ("a leaf less: the smallest entry around it is made again",
     lambda at: at["router"][0]["service-route"][0].pop("service-name"),
     ["DELETE /authority/router/r/service-route/q",
      'POST /authority/router/r/service-route {"name": "q", "next-hop": [{"node-name": "n", "interface": "i"}]}']),
    ("an entry", lambda at: at["service"][0]["access-policy"].append({"source": "10.0.0.0/8", "permission": "deny"}),
     ['POST /authority/service/s/access-policy {"source": "10.0.0.0/8", "permission": "deny"}']),
    ("an entry less", lambda at: at.pop("tenant"), ["DELETE /authority/tenant/t"]),
    ("an entry with all below it", lambda at: at["router"].append({"name": "r2", "node": [{"name": "n", "role": "c"}]}),
     ['POST /authority/router {"name": "r2", "node": [{"name": "n", "role": "c"}]}']),
    ("a leaf in a container", lambda at: at["router"][0].update(system={"inactivity-timer": 300}),
     ['PATCH /authority/router/r {"system": {"inactivity-timer": 300}}']),
    ("an entry of two keys cannot be named: its parent is made again",
     lambda at: at["router"][0]["service-route"][0]["next-hop"][0].update({"gateway-ip": "1.1.1.1"}),
     ["DELETE /authority/router/r/service-route/q",
      'POST /authority/router/r/service-route {"name": "q", "service-name": "s", "next-hop":'
      ' [{"node-name": "n", "interface": "i", "gateway-ip": "1.1.1.1"}]}']),
    ("creates go before what refers to them", lambda at: (
        at["tenant"].append({"name": "u"}), at["service"].append({"name": "v"}), at["router"].append({"name": "w"})),
     ['POST /authority/tenant {"name": "u"}', 'POST /authority/router {"name": "w"}',
      'POST /authority/service {"name": "v"}']),
    ("deletes go backwards", lambda at: (at.pop("tenant"), at.pop("service"), at.pop("router")),
     ["DELETE /authority/service/s", "DELETE /authority/router/r", "DELETE /authority/tenant/t"]),
]  # fmt: skip


def _text(edit: Edit) -> str:
    return f"{edit.method} {edit.url}" + (f" {json.dumps(edit.body)}" if edit.body is not None else "")


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_edits(change: Change, expected: list[str]) -> None:
    wanted = copy.deepcopy(THERE)
    change(wanted["authority"])
    assert [_text(edit) for edit in edits(flat(THERE), flat(wanted))] == expected


def test_a_leaf_of_the_authority_itself_cannot_be_taken_out() -> None:
    wanted = {"authority": {name: value for name, value in THERE["authority"].items() if name != "name"}}
    with pytest.raises(ValueError, match="name: a conductor has no request"):
        edits(flat(THERE), flat(wanted))


def test_keys_are_percent_encoded() -> None:
    path: Path = (*AUTHORITY, ("service", "s"), ("access-policy", "10.0.0.0/8"))
    assert url(path) == "/authority/service/s/access-policy/10.0.0.0%2F8"


# --- What is ours -----------------------------------------------------------------------------------------------------


def test_what_is_not_owned_stays_and_what_was_found_is_given_back() -> None:
    live = flat(THERE)
    service: Path = (*AUTHORITY, ("service", "s"))
    owned = {service: HERE, (*service, "scope"): "private", (*AUTHORITY, ("tenant", "t")): HERE}
    made = outcome(live, owned, {}, {service: None, (*service, "scope"): "public"})
    assert made[*service, "scope"] == "public"
    assert made[*service, "address"] == ("1.0.0.0/8", "2.0.0.0/8")
    assert (*AUTHORITY, ("tenant", "t")) not in made
    assert (*AUTHORITY, ("router", "r")) in made


def test_an_entry_goes_with_all_below_it() -> None:
    router: Path = (*AUTHORITY, ("router", "r"))
    made = outcome(flat(THERE), {router: HERE}, {}, {})
    assert not [path for path in made if path[:2] == router]


def test_what_means_the_same_is_no_difference() -> None:
    written = {"authority": {"a": True, "n": 24, "m": "02:AB:00:00:00:01", "l": ["x", "y"], "e": ""}}
    read = {"authority": {"a": "true", "n": "24", "m": "02:ab:00:00:00:01", "l": ["y", "x"], "e": None}}
    assert moved(flat(written), flat(read)) == []


def test_both_spellings_are_read_and_generated_objects_are_not() -> None:
    read = {"authority": {"router": [{"name": "r", "interNodeSecurity": "i", "serviceRoute": [
        {"name": "_g", "generated": True}, {"name": "q", "serviceName": "s", "generated": "false"}]}],
        "tenant": [{"name": "_t", "generated": "true"}]}}  # fmt: skip
    router: Path = (*AUTHORITY, ("router", "r"))
    found = flat(read)
    assert found[*router, "inter-node-security"] == "i"
    assert (*router, ("service-route", "q")) in found
    assert not [path for path in found if ("tenant", "_t") in path or ("service-route", "_g") in path]


# --- Laws -------------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "10.0.0.0/8"])
VALUES = st.sampled_from([1, 2, "x"])
ROUTES = st.fixed_dictionaries({"name": NAMES}, optional={
    "service-name": VALUES, "next-hop": st.lists(st.fixed_dictionaries(
        {"node-name": NAMES, "interface": NAMES}, optional={"gateway-ip": VALUES}),
        max_size=2, unique_by=lambda one: (one["node-name"], one["interface"]))})  # fmt: skip
ROUTERS = st.fixed_dictionaries({"name": NAMES}, optional={
    "location": VALUES, "router-group": st.lists(VALUES.map(str), max_size=3, unique=True),
    "system": st.fixed_dictionaries({}, optional={"timer": VALUES, "ntp": st.fixed_dictionaries({}, optional={
        "server": st.lists(st.fixed_dictionaries({"ip-address": NAMES}), max_size=2,
                           unique_by=lambda one: one["ip-address"])})}),
    "service-route": st.lists(ROUTES, max_size=2, unique_by=lambda one: one["name"])})  # fmt: skip
TREES = st.builds(
    lambda routers: {"authority": {"name": "x", "router": routers}},
    st.lists(ROUTERS, max_size=2, unique_by=lambda one: one["name"]),
)


def carry_out(tree: dict[str, Any], edit: Edit) -> None:
    """What a conductor makes of a request, as strictly as its documentation allows: a PATCH adds to lists."""
    *way, last = (unquote(one) for one in edit.url.strip("/").split("/"))
    place: Any = tree
    above = ""
    for name in way:
        if isinstance(place, list):
            place = next(one for one in place if str(one[KEYS[above][0]]) == name)
        else:
            above = f"{above.rpartition('/')[2]}/{name}".strip("/") if above else name
            place = place.setdefault(name, [] if above in KEYS else {})
    if edit.method == "POST":
        place.setdefault(last, []).append(copy.deepcopy(edit.body))
    elif edit.method == "DELETE":
        place.remove(next(one for one in place if str(one[KEYS[above][0]]) == last))
    else:
        target = (
            next(one for one in place if str(one[KEYS[above][0]]) == last)
            if isinstance(place, list)
            else (place.setdefault(last, {}))
        )
        _merge(target, edit.body or {})


def _merge(into: dict[str, Any], body: Any) -> None:
    for name, value in body.items():
        if isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        elif isinstance(value, list):
            into[name] = list(dict.fromkeys([*into.get(name, []), *value]))
        else:
            into[name] = value


@settings(deadline=None, max_examples=300)
@given(TREES, TREES)
def test_the_edits_make_one_tree_of_another_even_where_a_patch_only_adds(one: Any, other: Any) -> None:
    live, wanted = flat(one), flat(other)
    tree = copy.deepcopy(one)
    for edit in edits(live, wanted):
        carry_out(tree, edit)
    assert moved(wanted, flat(tree)) == []


@settings(deadline=None)
@given(TREES)
def test_flat_and_nested_are_one_anothers_inverse(tree: Any) -> None:
    found = flat(tree)
    assert flat({"authority": nested(found, AUTHORITY)}) == found


@settings(deadline=None)
@given(TREES, TREES, TREES)
def test_the_outcome_has_all_that_is_wanted_and_all_that_is_nobodys(live: Any, owned: Any, wanted: Any) -> None:
    there, ours, want = flat(live), flat(owned), flat(wanted)
    made = outcome(there, ours, want, {})
    assert moved({path: made.get(path) for path in want}, want) == []
    entries = {path for path in ours if path not in want}
    strange = [path for path in there if path not in ours and not any(path[:n] in entries for n in range(len(path)))]
    assert all(path in made for path in strange)


WIDE = "10.0.0.0/8"
LEFT_OUT: list[tuple[Any, Any, bool]] = [
    ({"service-policy": [{"name": "p", "lb-strategy": "hunt"}]}, {"service-policy": [{"name": "p"}]}, True),
    ({"service-policy": [{"name": "p", "lb-strategy": "proportional"}]}, {"service-policy": [{"name": "p"}]}, False),
    (
        {"service": [{"name": "s", "address": ["10.0.0.0/8"]}]},
        {"service": [{"name": "s", "address": "10.0.0.0/8"}]},
        True,
    ),
    ({"service": [{"name": "s"}]}, {"service": {"name": "s"}}, True),
    (
        {"service": [{"name": "s", "address": ["10.0.0.0/8"]}]},
        {"service": [{"name": "s", "address": "10.0.0.0/9"}]},
        False,
    ),
    ({"service-policy": [{"name": "p", "max-loss": 3}]}, {"service-policy": {"name": "p", "max-loss": "3.00"}}, True),
    ({"service-policy": [{"name": "p", "max-loss": 3}]}, {"service-policy": {"name": "p", "max-loss": 30.0}}, False),
    ({"tenant": [{"name": "t", "description": "3"}]}, {"tenant": [{"name": "t", "description": "3.0"}]}, False),
]


@pytest.mark.parametrize(("wanted", "there", "alike"), LEFT_OUT)
def test_a_default_that_is_left_out_and_a_single_value_mean_the_same(wanted: Any, there: Any, alike: bool) -> None:
    one, other = flat({"authority": wanted}), flat({"authority": there})
    assert (not moved(other, one) and not moved(one, other)) == alike
    assert (edits(other, one) == []) == alike
