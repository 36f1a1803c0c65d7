"""Texts and numbers of a class of the user's own, as an Enum has them: they mean what they are, not what they print."""

from collections.abc import Iterator, Mapping
from typing import Any

from haplan.model.stack import Stack
from haplan.model.value import leaves

OWN = """
from enum import Enum, IntEnum
class Word(str, Enum):
    WEST = "west"; NAME = "West"; PREFIX = "10.0.0.0/8"; ADDRESS = "10.0.0.1/8"; WAN = "w"; PORT = "ge-0/0/0"
    ALLOW = "allow"; ORDERED = "ordered"; PROTOCOL = "tcp/80"; KEY = "key"; MIST = "mist"; MODULE = "m"
class Number(IntEnum):
    SEVEN = 7
class Share(float): pass
class List(list): pass
class Map(dict): pass
"""
PLAIN = """
class Word:
    WEST = "west"; NAME = "West"; PREFIX = "10.0.0.0/8"; ADDRESS = "10.0.0.1/8"; WAN = "w"; PORT = "ge-0/0/0"
    ALLOW = "allow"; ORDERED = "ordered"; PROTOCOL = "tcp/80"; KEY = "key"; MIST = "mist"; MODULE = "m"
class Number:
    SEVEN = 7
Share, List, Map = float, list, dict
"""
STACK = """
from haplan import *
from haplan.design import *
provider(Word.MIST, timeout=Number.SEVEN)
given = Map({Word.KEY: Word.NAME, "n": Number.SEVEN, "f": Share(1.5), "l": List([Word.KEY, True])})
with module(Word.MODULE):
    Data("in", input=given)
site = Site(Word.WEST, name=Word.NAME, variables=Map({Word.KEY: Number.SEVEN}), extra={"mist": given})
net = Network("net", subnet=Word.PREFIX, vlan_id=Number.SEVEN)
edge = WanEdgeTemplate("edge", interfaces=[
    wan(Word.WAN, Word.PORT, dhcp(), overlay=[]), lan("l", "ge-0/0/1", {net: Word.ADDRESS}),
])
app = Application("app", addresses=List([Word.PREFIX]), protocols=[Word.PROTOCOL])
ways = Steering("ways", template=edge, strategy=Word.ORDERED, paths=[path(edge.wan(Word.WAN), cost=Number.SEVEN)])
Policy("p", template=edge, networks=[net], applications=[app], action=Word.ALLOW, steering=ways,
       lifecycle=lifecycle(timeouts={"create": Number.SEVEN}))
Data("d", input=given)
output(Word.KEY, Number.SEVEN)
limits(max_deletes=Number.SEVEN)
"""


def parts(stack: Stack) -> Iterator[tuple[str, Any]]:
    """All that a stack holds, by where it stands."""
    for block in stack.blocks.values():
        yield block.address, [block.name, block.label, block.values, block.extra, dict(block.lifecycle.timeouts)]
    yield "providers", {key: [one.name, one.settings] for key, one in stack.providers.items()}
    yield "outputs", {one.name: one.value for one in stack.outputs.values()}
    yield "limits", stack.limits.max_deletes


def keys(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        yield from tree
    for inner in tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ():
        yield from keys(inner)


def test_an_enum_s_member_is_the_text_or_number_that_it_is(loader: Any) -> None:
    own, plain = dict(parts(loader(OWN + STACK))), dict(parts(loader(PLAIN + STACK)))
    assert own == plain
    assert repr(own) == repr(plain)
    found = [leaf for tree in own.values() for _, leaf in leaves(tree)]
    assert {type(leaf) for leaf in found if leaf} <= {str, int, float, bool, type(None)}
    assert {type(key) for tree in own.values() for key in keys(tree)} == {str}
