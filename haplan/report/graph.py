"""The dependency graph for graphviz, for mermaid, and for programs."""

import json
from collections.abc import Sequence

import attrs

from haplan.model.graph import Edge
from haplan.model.stack import Stack
from haplan.model.value import Tree

_DOT = {"hard": "", "soft": " [style=dashed]", "gate": " [style=bold, color=red]"}
_MERMAID = {"hard": "-->", "soft": "-.->", "gate": "==>"}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # graphviz reads UTF-8, and no escapes such as \u00e9


def dot(stack: Stack, edges: Sequence[Edge]) -> str:
    """Arrows from what comes first; dashed are soft, bold red are gates."""
    rows = [f"  {_quoted(address)};" for address in stack.blocks]
    rows += [f"  {_quoted(one.first)} -> {_quoted(one.then)}{_DOT[one.kind]};" for one in edges]
    return "\n".join([f"digraph {_quoted(stack.name)} {{", "  rankdir=LR;", "  node [shape=box];", *rows, "}", ""])


def graph_json(stack: Stack, edges: Sequence[Edge]) -> dict[str, Tree]:
    """``haplan graph --json``: every block, and every edge from what comes first."""
    blocks = [{"address": one.address, "type": one.type, "data": one.data} for one in stack.blocks.values()]
    return {"stack": stack.name, "blocks": blocks, "edges": [attrs.asdict(edge) for edge in edges]}


def mermaid(stack: Stack, edges: Sequence[Edge]) -> str:
    """Arrows from what comes first; dotted are soft, thick are gates."""
    names = {address: f"n{number}" for number, address in enumerate(stack.blocks)}
    rows = [f'  {name}["{address.replace(chr(34), "#quot;")}"]' for address, name in names.items()]
    rows += [f"  {names[one.first]} {_MERMAID[one.kind]} {names[one.then]}" for one in edges
             if one.first in names and one.then in names]  # fmt: skip
    return "\n".join(["flowchart LR", *rows, ""])
