"""The port catalogue: names, nodes, peers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.design import catalogue
from haplan.design.catalogue import Port


@pytest.mark.parametrize(
    ("model", "port", "peer"),
    [
        ("SRX300", "ge-0/0/3", "ge-1/0/3"), ("SRX320", "ge-0/0/3", "ge-3/0/3"), ("SRX345", "ge-0/0/3", "ge-5/0/3"),
        ("SRX380", "xe-0/0/17", "xe-5/0/17"), ("SRX1500", "ge-0/0/2", "ge-7/0/2"), ("SSR120", "ge-0/0/4", "ge-1/0/4"),
        ("SSR1400", "xe-0/2/3", "xe-1/2/3"), ("vSRX", "ge-0/0/1", "ge-7/0/1"),
    ],
)  # fmt: skip
def test_a_port_has_its_peer_on_the_other_node(model: str, port: str, peer: str) -> None:
    row = catalogue.find(model)
    assert row is not None
    first, second = catalogue.one_port(port), catalogue.one_port(peer)
    assert (row.node(first), row.node(second)) == (0, 1)
    assert row.on_node1(first) == second
    assert row.on_node0(second) == first


@pytest.mark.parametrize("model", [row.name for row in catalogue.rows().values()])
def test_every_default_port_is_a_port_of_its_model(model: str) -> None:
    row = catalogue.find(model)
    assert row is not None
    for name in filter(None, (row.control, row.fabric, row.wan, row.lan)):
        assert row.has(catalogue.one_port(name)), name
        assert row.node(catalogue.one_port(name)) == 0


def test_a_variant_has_the_ports_of_its_model() -> None:
    assert catalogue.find("SSR120-AE") is catalogue.find("ssr120")


@pytest.mark.parametrize("model", ["SRX4600", "SSR440", "NCA-1515", ""])
def test_what_is_not_in_the_catalogue_is_not_guessed(model: str) -> None:
    assert catalogue.find(model) is None


def test_families() -> None:
    assert [catalogue.family(one) for one in ("SRX300", "vSRX", "SSR440", "whitebox", "")] == [
        "srx",
        "srx",
        "ssr",
        "",
        "",
    ]


def test_lists_ranges_and_sub_interfaces_are_read() -> None:
    assert [str(port) for port in catalogue.parse_ports("ge-0/0/1-3, xe-1/2/0.100")] == [
        "ge-0/0/1", "ge-0/0/2", "ge-0/0/3", "xe-1/2/0.100",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "ge0/0/0", "ge-0/0", "ge-0/0/3-1", "ge-0/0/1,", "GE-0/0/0", "irb.100"])
def test_what_is_no_port_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its text is the name itself)
        catalogue.parse_ports(text)


@given(st.sampled_from(["ge", "xe", "et"]), *[st.integers(0, 99)] * 3)
def test_a_port_is_read_as_it_is_written(kind: str, slot: int, pic: int, number: int) -> None:
    port = Port(kind=kind, slot=slot, pic=pic, number=number)
    assert catalogue.one_port(str(port)) == port
