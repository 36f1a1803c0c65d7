"""Every block and helper once, for the type checkers."""

from haplan import Data, lifecycle, limits, module, output, provider, secret, variable
from haplan.design import (
    Application,
    Cluster,
    HubProfile,
    Network,
    Overlay,
    Policy,
    Site,
    Steering,
    WanEdgeTemplate,
    attest,
    dhcp,
    dhcp_relay,
    dhcp_server,
    ha_fabric,
    ha_sync,
    lan,
    lan_address,
    local,
    node,
    path,
    pppoe,
    site_var,
    static,
    wan,
)

mist = provider("mist", host="x")
size = variable("size", default=3)
zone = variable("label", default="UTC")
org = Overlay("o", psk=secret("env:PSK"), type="mesh")
n = Network("n", subnet="10.0.0.0/24", vlan_id=3, advertise=[org], cloud_access=False)
m = Network("m", subnet=f"{site_var('X')}.0/24", vlan_id="{{Y}}", advertise=org)
corp = Network.existing("corp")
app = Application("a", hostnames=["x"], protocols=["any", 47], lifecycle=lifecycle(prevent_destroy=True))
site = Site("s", variables={"A": 1, "B": "x"}, depends_on=[org], extra={"mist": {"notes": "x"}})
h = HubProfile(
    "h", overlay=org, interfaces=[wan("w", "ge-0/0/0", static("1.2.3.4/24", gateway="1.2.3.1"), endpoint="x")]
)
h9 = HubProfile.existing("h9", name="hub 9")
t = WanEdgeTemplate(
    "t",
    dns_servers=["1.1.1.1"],
    exclusive=True,
    interfaces=[
        wan(
            "w",
            "ge-0/0/0",
            pppoe("me", password=secret("env:P"), auth="chap"),
            overlay=[h.endpoint("w", preference=1), h9.endpoint("wan0")],
        ),
        wan("x", "ge-1/0/0", dhcp(), shared_wan="r", mtu=1500),
        lan(
            "l",
            "ge-0/0/3,ge-1/0/3",
            {
                n: lan_address("10.0.0.1/24", dhcp=dhcp_server("10.0.0.2", "10.0.0.9")),
                m: "10.0.0.1/24",
                corp: lan_address("1.1.1.1/24", dhcp=dhcp_relay(["1.1.1.2"])),
            },
            primary={n: "node0"},
            untagged=n,
        ),
        ha_fabric("ge-0/0/4,ge-1/0/4"),
        ha_sync("ge-0/0/5,ge-1/0/5"),
    ],
)
st = Steering(
    "st", template=t, strategy="weighted", paths=[path(t.wan("w"), cost=3), t.tunnel("x"), local(n, m), h.endpoint("w")]
)
Policy("p", template=t, networks=[n, corp], action="allow", applications=[app], steering=st)
c = Cluster(
    "c",
    site=site,
    template=t,
    model="SSR120",
    nodes=["a", node("b", serial="x")],
    attested=attest(by="me", on="2026-01-01"),
    cluster_id=size,
)
d = Data("d", input={"x": c.id, "y": c.node0, "n": f"{c.id}"}, depends_on=[c])
with module("x"):
    Site("z", address=c.id, timezone=zone)
output("o", c.id, sensitive=True)
limits(max_deletes=3)
names: list[str] = [n.label, m.label]
