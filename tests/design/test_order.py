"""The order of the design: soft edges and gates, forwards and backwards, and never more than linear."""

from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from haplan import design
from haplan.contracts import Node
from haplan.model.stack import Stack

STACKS = Path(__file__).parents[2] / "stacks"


def nodes_of(stack: Stack, *, deleting: bool = False, disruptive: bool = True) -> list[Node]:
    """The nodes of a stack that is created, or deleted, as a whole."""
    return [
        Node(
            address=block.address, type=block.type, name=str(block.name), owner=block.owner, provider=block.provider,
            before=block.values if deleting else None, after=None if deleting else block.values,
            changing=True, deleting=deleting, disruptive=disruptive and block.type == "cluster", seq=seq,
        )
        for seq, block in enumerate(stack.blocks.values())
    ]  # fmt: skip


def node(address: str, **more: Any) -> Node:
    """One that is created, of nobody, if not said otherwise."""
    type_name, name = address.split(".")
    usual: dict[str, Any] = {"owner": "", "provider": "mist", "before": None, "after": {}, "seq": 0}
    usual |= {"changing": True, "deleting": False, "disruptive": type_name == "cluster"}
    return Node(**{"address": address, "type": type_name, "name": name, **usual, **more})


def edges(nodes: list[Node], kind: str) -> set[tuple[str, str]]:
    return {(edge.first, edge.then) for edge in design.haplan_order(nodes) if edge.kind == kind}


@pytest.fixture
def example(load_folder: Any) -> Stack:
    found: Stack = load_folder(STACKS / "hub_spoke_ssr")
    return found


def test_hubs_come_one_by_one_then_the_canary_then_the_others(example: Stack) -> None:
    assert edges(nodes_of(example), "gate") == {
        ("cluster.h1", "cluster.h2"),
        ("cluster.h1", "cluster.spoke1"),
        ("cluster.h2", "cluster.spoke1"),
        ("cluster.spoke1", "cluster.spoke2"),
    }


def test_spokes_go_before_hubs_and_hubs_one_by_one(example: Stack) -> None:
    assert edges(nodes_of(example, deleting=True), "gate") == {
        ("cluster.spoke1", "cluster.spoke2"),
        ("cluster.spoke1", "cluster.h2"),
        ("cluster.spoke2", "cluster.h2"),
        ("cluster.h2", "cluster.h1"),
    }


def test_clusters_that_form_nothing_wait_for_nothing(example: Stack) -> None:
    assert edges(nodes_of(example, disruptive=False), "gate") == set()


def test_a_site_is_before_its_template_and_a_cluster_before_its_policies(example: Stack) -> None:
    soft = edges(nodes_of(example), "soft")
    assert ("site.spoke2-site", "wan_edge_template.ha-spoke") in soft
    assert ("site.h1-site", "hub_profile.h1") in soft
    assert ("cluster.spoke1", "policy.ha-spoke.guest-internet") in soft
    assert ("cluster.h1", "policy.h1.spoke-to-hub-lan") in soft
    assert ("cluster.h1", "policy.ha-spoke.guest-internet") not in soft


def test_soft_edges_turn_round_when_all_goes(example: Stack) -> None:
    there, back = edges(nodes_of(example), "soft"), edges(nodes_of(example, deleting=True), "soft")
    assert back == {(then, first) for first, then in there}


@pytest.mark.parametrize("family", ["ssr", "srx"])
def test_all_edges_together_make_no_circle(family: str, load_folder: Any) -> None:
    stack = load_folder(STACKS / f"hub_spoke_{family}")
    graph: nx.DiGraph[str] = nx.DiGraph([(r.address, b.address) for b in stack.blocks.values() for r in b.references])
    graph.add_edges_from((edge.first, edge.then) for edge in design.haplan_order(nodes_of(stack)))
    assert nx.is_directed_acyclic_graph(graph)


@pytest.mark.parametrize("deleting", [False, True])
def test_three_hundred_pairs_of_one_template_have_299_gates(deleting: bool) -> None:
    values = {"template": "t", "site": "s"}
    before, after = (values, None) if deleting else (None, values)
    pairs = [node(f"cluster.c{n}", before=before, after=after, deleting=deleting, seq=n + 1) for n in range(300)]
    gates = edges([node("wan_edge_template.t"), *pairs], "gate")
    assert len(gates) == 299
    assert {first for first, _ in gates} == {"cluster.c0"}


def test_names_of_another_provider_are_not_mixed_up(example: Stack) -> None:
    cluster = node("cluster.x", provider="srx", after={"template": "ha-spoke"}, seq=99)
    assert not [
        edge for edge in design.haplan_order([*nodes_of(example), cluster]) if "cluster.x" in (edge.first, edge.then)
    ]


def test_odd_values_do_not_break_it() -> None:
    odd = [
        node("cluster.a"),
        node("cluster.b", after={"template": "gone", "site": None}, seq=1),
        node("hub_profile.h", after={"interfaces": {"x": None}}, seq=2),
    ]
    assert list(design.haplan_order(odd)) == []
