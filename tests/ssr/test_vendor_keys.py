"""Vendor keys: where they go, and which are refused with what."""

from typing import Any

import pytest

from haplan.model.value import Ref, Secret
from haplan_ssr.translate import translate
from haplan_ssr.translate.vendor_keys import problems as wrong
from tests.ssr.conftest import Design, lines, problems


@pytest.mark.parametrize(
    ("address", "extra", "line"),
    [
        ("cluster.spoke", {"bfd": {"multiplier": 5}}, "router spoke bfd multiplier = 5"),
        ("cluster.spoke", {"router-group": ["east", "small"]}, "router spoke router-group = east small"),
        ("network.guest", {"description": "visitors"}, "tenant guest description = visitors"),
        ("steering.t.out", {"transport-state-enforcement": "allow"},
         "service-policy out transport-state-enforcement = allow"),
        ("policy.t.internet", {"source-nat": "disabled"}, "service internet source-nat = disabled"),
    ],
)  # fmt: skip
def test_a_vendor_key_is_a_leaf_of_the_object_that_the_resource_is(
    design: Design, address: str, extra: dict[str, Any], line: str
) -> None:
    before = lines(translate(design.pieces()))
    found = translate(design.change(address, extra=extra).pieces())
    assert problems(found) == []
    assert set(lines(found)) - set(before) == {line}
    assert list(wrong(address.partition(".")[0], extra)) == []


def test_what_only_an_apply_can_tell_is_left_out_until_then(design: Design) -> None:
    later: Any = Ref("record.r", ("output",))
    extra = {"description": later, "router-group": ["east", later]}
    found = lines(translate(design.change("cluster.spoke", extra=extra).pieces()), "router spoke")
    assert not [line for line in found if "description" in line or "router-group" in line]
    assert list(wrong("cluster", extra)) == []


def test_steering_rules_of_one_name_that_differ_in_a_vendor_key_are_two_service_policies(design: Design) -> None:
    design.add("steering.h.over", {**design.values("steering.t.over"), "profile": "h"}, "hub_profile.h")
    del design.values("steering.h.over")["template"]
    assert lines(translate(design.pieces()), "service-policy over")
    design.change("steering.t.over", extra={"description": "x"})
    assert {"service-policy t-over description = x", "service-policy h-over"} <= set(lines(translate(design.pieces())))


def test_two_policies_that_are_one_service_do_not_say_two_things_of_it(design: Design) -> None:
    design.change("policy.t.to-hub", extra={"description": "x"}).change("policy.h.in", extra={"description": "y"})
    (problem,) = problems(translate(design.pieces()))
    assert problem == (
        "SSR006 policy.h.in: service to-hub description: policy.t.to-hub wants 'x', policy.h.in wants 'y'"
    )


def test_vendor_keys_of_an_interface_are_refused(design: Design) -> None:
    design.values("wan_edge_template.t")["interfaces"]["wan1"]["extra"] = {"ssr": {"mtu": 1400}}
    (problem,) = problems(translate(design.pieces()))
    assert problem.startswith("SSR006 wan_edge_template.t: wan1: vendor keys of an interface are not taken")


@pytest.mark.parametrize(
    ("type_name", "extra", "line"),
    [
        ("site", {"location-coordinates": "+1+1/"}, "extra ssr: location-coordinates: a site is the location"),
        ("application", {"source-nat": "disabled"}, "extra ssr: source-nat: an application is in the service of each"),
        ("wan_edge_template", {"bfd": {}}, "extra ssr: bfd: a conductor holds no templates"),
        ("cluster", {"location_coordinates": "x"},
         "extra ssr.location_coordinates: the vendor's model has no such key on a router; it is sent; did you mean lo"),
        ("cluster", {"bfd": {"multiplyer": 5}},
         "extra ssr.bfd.multiplyer: the vendor's model has no such key in bfd of a router; it is sent; did you me"),
        ("cluster", {"location": "here"}, "extra ssr.location: use address= of the Site"),
        ("cluster", {"system": {"ntp": {}}}, "extra ssr.system.ntp: use ntp_servers="),
        ("cluster", {"nat-pool": [{"name": "p"}]}, "extra ssr.nat-pool: a list of entries is not taken"),
        ("cluster", {"id": 5}, "extra ssr.id: the conductor sets it itself"),
        ("cluster", {"bfd": 5}, "extra ssr.bfd: it is a group: write {'bfd': {…}}"),
        ("cluster", {"bfd": {"multiplier": 500}}, "extra ssr.bfd.multiplier: must be"),
        ("cluster", {"description": {"text": "x"}}, "extra ssr.description: must be one value, not an object"),
        ("cluster", {"description": None}, "extra ssr.description: None is no value"),
        ("cluster", {"description": Secret("env:X")}, "extra ssr.description: secrets are not taken"),
        ("cluster", {"router-group": "east"}, "extra ssr.router-group: must be a list of values"),
        ("cluster", {"router-group": ["e st"]}, "extra ssr.router-group: "),
        ("network", {"member": []}, "extra ssr.member: who is in a tenant, its LAN interfaces say"),
        ("policy", {"scope": "public"}, "extra ssr.scope: haplan sets it itself"),
        ("policy", {"generated": True}, "extra ssr.generated: the conductor sets it itself"),
        ("steering", {"vector": []}, "extra ssr.vector: use paths="),
    ],
)  # fmt: skip
def test_a_vendor_key_that_cannot_be_is_refused_with_the_reason(
    type_name: str, extra: dict[str, Any], line: str
) -> None:
    (found,) = wrong(type_name, extra)
    assert getattr(found, "text", found).startswith(line)
