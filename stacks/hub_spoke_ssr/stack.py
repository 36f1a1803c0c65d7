"""The worked example on SSR120 pairs."""
from functools import partial

from haplan.design import ha_fabric, ha_sync, lan, node, wan

from ..modules.hub_spoke import Platform, build

build(Platform(
    model="SSR120", firmware="6.3.0-107",
    wan0=partial(wan, "wan0", "ge-0/0/0"), wan1=partial(wan, "wan1", "ge-1/0/0"), lan=partial(lan, "lan", "ge-0/0/3,ge-1/0/3"),
    links=[ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")],
    pairs={"h1": [node("02005e100a11", serial="DEMO120H1B"), node("02005e100a10", serial="DEMO120H1A")],
           "h2": [node("02005e100b20", serial="DEMO120H2A"), node("02005e100b21", serial="DEMO120H2B")],
           "spoke1": [node("02005e100c30", serial="DEMO120S1A"), node("02005e100c31", serial="DEMO120S1B")],
           "spoke2": [node("02005e100dff", serial="DEMO120S2B"), node("02005e100d0a", serial="DEMO120S2A")]}))
