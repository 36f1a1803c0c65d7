"""The worked example on SSR120 pairs behind a Session Smart conductor of their own."""
from functools import partial

from haplan import provider
from haplan.design import ha_fabric, ha_sync, lan, node, wan

from ..modules.hub_spoke import Platform, build

build(Platform(
    connect=partial(provider, "ssr", host="conductor.example.net", release="6.3.0"),   # SSR_USERNAME, SSR_PASSWORD; with --lab the simulator's
    model="SSR120", firmware="6.3.0-107.r1",
    wan0=partial(wan, "wan0", "ge-0/0/0"), wan1=partial(wan, "wan1", "ge-1/0/0"), lan=partial(lan, "lan", "ge-0/0/3,ge-1/0/3"),
    links=[ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")],
    pairs={"h1": [node("02005e100a11", asset_id="DEMO120H1B"), node("02005e100a10", asset_id="DEMO120H1A")],
           "h2": [node("02005e100b20", asset_id="DEMO120H2A"), node("02005e100b21", asset_id="DEMO120H2B")],
           "spoke1": [node("02005e100c30", asset_id="DEMO120S1A"), node("02005e100c31", asset_id="DEMO120S1B")],
           "spoke2": [node("02005e100dff", asset_id="DEMO120S2B"), node("02005e100d0a", asset_id="DEMO120S2A")]}))
