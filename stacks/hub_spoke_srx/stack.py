"""The worked example on SRX300 pairs: once clustered, ge-0/0/0 is management and ge-0/0/1 the control link."""
from functools import partial

from haplan.design import ha_fabric, lan, node, wan

from ..modules.hub_spoke import Platform, build

build(Platform(
    model="SRX300", firmware="23.4R2-S3", steers_into_lan=True,
    wan0=partial(wan, "wan0", "ge-0/0/7"), wan1=partial(wan, "wan1", "ge-1/0/7"),
    lan=partial(lan, "lan", "ge-0/0/3,ge-1/0/3", reth_idx=0, redundancy_group=1),
    links=[ha_fabric("ge-0/0/2,ge-1/0/2")],
    pairs={"h1": [node("02005e300a11", serial="DEMO300H1B"), node("02005e300a10", serial="DEMO300H1A")],
           "h2": [node("02005e300b20", serial="DEMO300H2A"), node("02005e300b21", serial="DEMO300H2B")],
           "spoke1": [node("02005e300c30", serial="DEMO300S1A"), node("02005e300c31", serial="DEMO300S1B")],
           "spoke2": [node("02005e300dff", serial="DEMO300S2B"), node("02005e300d0a", serial="DEMO300S2A")]}))
