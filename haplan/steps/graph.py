"""Graph: the blocks of a stack and their hard edges, in an order in which each comes after all it depends on."""

from collections.abc import Mapping

from haplan.errors import StackError
from haplan.model.graph import Edge, Graph, in_order
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
    before: dict[str, set[str]] = {address: set() for address in stack.blocks}
    for edge in edges:
        before[edge.then].add(edge.first)
    ranks = {name: types[name].rank for name in {block.type for block in stack.blocks.values()}}
    order = in_order(before, lambda address: ranks[stack.blocks[address].type])
    if len(order) < len(before):
        raise StackError([_circle(edges, stack.blocks)])
    return Graph(tuple(order), edges)


def _circle(edges: tuple[Edge, ...], blocks: Mapping[str, Block]) -> str:
    import networkx as nx

    why = {(edge.first, edge.then): edge.why for edge in edges}
    found: nx.DiGraph[str] = nx.DiGraph()
    found.add_nodes_from(blocks)
    found.add_edges_from(why)
    steps = [(then, first, why[first, then]) for first, then in reversed(list(nx.find_cycle(found)))]
    words = " → ".join(f"{address} ({via})" for address, _, via in steps)
    return f"{blocks[steps[0][0]].location}: references form a circle: {words} → {steps[-1][1]}; drop one of them"
