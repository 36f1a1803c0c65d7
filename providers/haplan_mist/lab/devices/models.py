"""Gateway models as the device model list of the cloud tells them.

Source: `GET /const/device_models` and the text of `createSiteDeviceHaCluster` in Mist OpenAPI 2509.1.2; SSR port maps
from the public SSR port documentation. Only what a pair needs is kept.
"""

import attrs

from haplan.plugin import Tree


@attrs.frozen(kw_only=True)
class Model:
    """One hardware model.

    Attributes:
        name: as the inventory spells it.
        family: `ssr` or `srx`.
        node1_fpc: first number of node1's ports in a cluster.
        control: port of the control (SSR: sync) link; empty when it is a dedicated, unnamed port.
        data: fabric port; empty when dedicated.
        fxp0: port that becomes fxp0 in a cluster; empty when dedicated.
        wan, lan: first port of that usage.
        control_fixed: the control port is not part of the configuration (all SRX).
    """

    name: str
    family: str
    node1_fpc: int
    control: str
    data: str
    fxp0: str
    wan: str
    lan: str
    control_fixed: bool = False

    def node1(self, port: str) -> str:
        """Name of node1's port that corresponds to node0's."""
        kind, _, rest = port.partition("-")
        _, _, tail = rest.partition("/")
        return f"{kind}-{self.node1_fpc}/{tail}"


def _srx(name: str, fpc: int, control: str, data: str, fxp0: str, wan: str, lan: str) -> Model:
    ports = {"control": control, "data": data, "fxp0": fxp0, "wan": wan, "lan": lan}
    return Model(name=name, family="srx", node1_fpc=fpc, control_fixed=True, **ports)


def _ssr(name: str, control: str, data: str, wan: str, lan: str) -> Model:
    return Model(name=name, family="ssr", node1_fpc=1, control=control, data=data, fxp0="", wan=wan, lan=lan)


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _srx("SRX300", 1, "ge-0/0/1", "ge-0/0/2", "ge-0/0/0", "ge-0/0/7", "ge-0/0/3"),
        _srx("SRX320", 3, "ge-0/0/1", "ge-0/0/2", "ge-0/0/0", "ge-0/0/7", "ge-0/0/3"),
        _srx("SRX340", 5, "ge-0/0/1", "ge-0/0/2", "", "ge-0/0/0", "ge-0/0/3"),
        _srx("SRX345", 5, "ge-0/0/1", "ge-0/0/2", "", "ge-0/0/0", "ge-0/0/3"),
        _srx("SRX380", 5, "ge-0/0/1", "ge-0/0/2", "", "ge-0/0/0", "ge-0/0/3"),
        _srx("SRX550", 9, "ge-0/0/1", "ge-0/0/2", "ge-0/0/0", "ge-0/0/3", "ge-0/0/4"),
        _srx("SRX1500", 7, "", "ge-0/0/1", "", "ge-0/0/0", "ge-0/0/2"),
        _srx("SRX1600", 7, "", "ge-0/0/1", "", "ge-0/0/0", "ge-0/0/2"),
        _srx("SRX4100", 7, "", "", "", "xe-0/0/0", "xe-0/0/1"),
        _srx("vSRX3", 7, "", "ge-0/0/0", "", "ge-0/0/1", "ge-0/0/2"),
        _ssr("SSR120", "ge-0/0/5", "ge-0/0/4", "ge-0/0/0", "ge-0/0/3"),
        _ssr("SSR130", "ge-0/0/7", "ge-0/0/6", "ge-0/0/0", "ge-0/0/5"),
        _ssr("SSR1200", "ge-0/0/6", "ge-0/0/5", "ge-0/0/0", "ge-0/0/3"),
        _ssr("SSR1300", "ge-0/0/6", "xe-0/1/3", "ge-0/0/0", "ge-0/0/3"),
        _ssr("SSR1400", "ge-0/1/0", "xe-0/2/3", "xe-0/0/0", "xe-0/0/3"),
        _ssr("SSR1500", "ge-0/1/3", "xe-0/2/0", "ge-0/1/0", "xe-0/2/1"),
    )
}


def family_of(name: str) -> str:
    """`srx` or `ssr`; unknown models count as SSR unless their name says SRX."""
    return MODELS[name].family if name in MODELS else ("srx" if "SRX" in name.upper() else "ssr")


def needs_port(name: str, usage: str) -> bool:
    """Whether a pair of this model must name its `ha_control` or `ha_data` ports in its configuration."""
    model = MODELS.get(name)
    if model is None:
        return usage == "ha_data" or family_of(name) == "ssr"
    if usage == "ha_control":
        return bool(model.control) and not model.control_fixed
    return bool(model.data)


def catalogue() -> list[dict[str, Tree]]:
    """The gateway part of `GET /const/device_models`."""
    return [_entry(model) for model in MODELS.values()]


def default_config(name: str, ha: bool) -> dict[str, Tree]:
    """What `GET /const/default_gateway_config` answers: a configuration that works out of the box."""
    model = MODELS.get(name) or MODELS["SSR120"]
    ports: dict[str, Tree] = {model.wan: _default_wan("wan")}
    lan = f"{model.lan},{model.node1(model.lan)}" if ha else model.lan
    ports[lan] = {"usage": "lan", "networks": ["lan"], **({"redundant": True, "reth_node": "node0"} if ha else {})}
    if ha:
        ports[model.node1(model.wan)] = _default_wan("wan1")
        for usage, port in (("ha_control", model.control), ("ha_data", model.data)):
            if needs_port(model.name, usage):
                ports[f"{port},{model.node1(port)}"] = {"usage": usage}
    return {
        "port_config": ports,
        "networks": [{"name": "lan", "subnet": "192.168.1.0/24", "vlan_id": 1}],
        "ip_configs": {"lan": {"type": "static", "ip": "192.168.1.1", "netmask": "/24"}},
        "path_preferences": {"wan": {"paths": [{"type": "wan", "name": "wan"}]}},
        "service_policies": [
            {"name": "Internet", "action": "allow", "tenants": ["lan"], "services": ["any"], "path_preference": "wan"}
        ],
    }


def _default_wan(name: str) -> dict[str, Tree]:
    return {"usage": "wan", "name": name, "ip_config": {"type": "dhcp"}}


def _entry(model: Model) -> dict[str, Tree]:
    pairs = {
        "ha_data_ports": f"{model.data},{model.node1(model.data)}" if model.data else "",
        "ha_lan_ports": f"{model.lan},{model.node1(model.lan)}",
        "ha_wan_ports": f"{model.wan},{model.node1(model.wan)}",
    }
    control = model.control
    if control and not model.control_fixed:
        control = f"{control},{model.node1(control)}"
    defaults = {
        "ha_control_port": control,
        "ha_fxp0_port": model.fxp0,
        "wan_ports": model.wan,
        "lan_ports": model.lan,
        **pairs,
    }
    return {
        "model": model.name,
        "type": "gateway",
        "description": f"Juniper {model.name}",
        "defaults": {key: value for key, value in defaults.items() if value},
        "ha_node0_fpc": 0,
        "ha_node1_fpc": model.node1_fpc,
        "has_bgp": True,
        "has_fxp0": model.family == "srx" and not model.fxp0,
        "has_ha_control": model.family == "srx" and not model.control,
        "has_ha_data": model.family == "srx" and not model.data,
        "t128_device": model.family == "ssr",
    }
