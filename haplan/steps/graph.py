"""Graph: the blocks of a stack and their hard edges, in an order in which each comes after all it depends on."""

from collections.abc import Mapping

import networkx as nx

from haplan.errors import StackError
from haplan.model.graph import Edge, Graph
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, Stack


def graph(stack: Stack, types: Mapping[str, TypeInfo]) -> Graph:
    """The graph of a stack. Ties go by rank of the type, then by declaration.

    Raises:
        StackError: References form a circle; it is printed with the attributes that make it.
    """
    edges = tuple(
        Edge(reference.address, block.address, "hard", reference.via)
        for block in stack.blocks.values()
        for reference in block.references
        if reference.address in stack.blocks
    )
    found: nx.DiGraph[str] = nx.DiGraph()
    found.add_nodes_from(stack.blocks)
    found.add_edges_from((edge.first, edge.then) for edge in edges)
    place = {address: (types[block.type].rank, index) for index, (address, block) in enumerate(stack.blocks.items())}
    try:
        order = tuple(nx.lexicographical_topological_sort(found, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        raise StackError([_circle(found, edges, stack.blocks)]) from None
    return Graph(order, edges)


def _circle(found: "nx.DiGraph[str]", edges: tuple[Edge, ...], blocks: Mapping[str, Block]) -> str:
    why = {(edge.first, edge.then): edge.why for edge in edges}
    steps = [(then, first, why[first, then]) for first, then in reversed(list(nx.find_cycle(found)))]
    words = " → ".join(f"{address} ({via})" for address, _, via in steps)
    return f"{blocks[steps[0][0]].location}: references form a circle: {words} → {steps[-1][1]}; drop one of them"
