"""The worked example on SRX300 pairs without a cloud: haplan forms the pairs and configures them over NETCONF."""
from functools import partial

from haplan import provider, secret
from haplan.design import ha_fabric, lan, node, wan

from ..modules.hub_spoke import Platform, build

build(Platform(
    model="SRX300", firmware="23.4R2-S3", steers_into_lan=True,
    connect=partial(provider, "srx"),                                         # JUNOS_USERNAME, JUNOS_PASSWORD or JUNOS_KEYFILE
    psk=secret("env:OVERLAY_PSK"),
    wan0=partial(wan, "wan0", "ge-0/0/7"), wan1=partial(wan, "wan1", "ge-1/0/7"),
    lan=partial(lan, "lan", "ge-0/0/3,ge-1/0/3", reth_idx=0, redundancy_group=1),
    links=[ha_fabric("ge-0/0/2,ge-1/0/2")],
    cluster_ids={"h1": 1, "h2": 2, "spoke1": 3, "spoke2": 4},
    pairs={"h1": [node("02005e300a11", serial="DEMO300H1B", host="192.0.2.12"), node("02005e300a10", serial="DEMO300H1A", host="192.0.2.11")],
           "h2": [node("02005e300b20", serial="DEMO300H2A", host="192.0.2.21"), node("02005e300b21", serial="DEMO300H2B", host="192.0.2.22")],
           "spoke1": [node("02005e300c30", serial="DEMO300S1A", host="192.0.2.31"), node("02005e300c31", serial="DEMO300S1B", host="192.0.2.32")],
           "spoke2": [node("02005e300dff", serial="DEMO300S2B", host="192.0.2.42"), node("02005e300d0a", serial="DEMO300S2A", host="192.0.2.41")]}))
