"""The configuration a gateway would get, and why it cannot work.

The cloud accepts configurations that the device then rejects; only an event says so. Kept here as pure functions.
Sources: precedence device > device profile > template > site setting (Mist API documentation); WAN-only keys on LAN or
HA ports make an SSR reject everything (Juniper/terraform-provider-mist #122, #94); an undefined variable shows up as a
failed configuration.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from haplan.plugin import Tree, sorted_json
from haplan_mist.lab.devices.models import needs_port

VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
MERGED_BY_ENTRY = frozenset(
    {"port_config", "ip_configs", "dhcpd_config", "path_preferences", "bgp_config", "extra_routes", "extra_routes6",
     "routing_policies", "tunnel_configs", "vrf_instances", "idp_profiles"}
)  # fmt: skip
WAN_ONLY = frozenset(
    {"ip_config", "vpn_paths", "traffic_shaping", "svr_port_range", "preserve_dscp", "outer_vlan_id", "wan_type",
     "wan_arp_policer", "wan_disable_speedtest", "wan_ext_ip", "wan_ext_ip6", "wan_extra_routes", "wan_extra_routes6",
     "wan_networks", "wan_probe_override", "wan_source_nat", "lte_apn", "lte_auth", "lte_backup", "lte_password",
     "lte_username", "dsl_type", "dsl_vci", "dsl_vpi"}
)  # fmt: skip
BUILT_IN_SERVICES = frozenset({"any"})
NOT_CONFIG = frozenset({"id", "org_id", "site_id", "name", "type", "created_time", "modified_time", "for_site"})


@attrs.frozen(kw_only=True)
class World:
    """What configurations of one organisation refer to by name.

    Attributes:
        networks, services, vpns: body by name.
        policies: organisation policies by id.
        shared: digest of settings that reach every gateway.
    """

    networks: Mapping[str, Mapping[str, Tree]]
    services: Mapping[str, Mapping[str, Tree]]
    vpns: Mapping[str, Mapping[str, Tree]]
    policies: Mapping[str, Mapping[str, Tree]]
    shared: str

    def vpn_paths(self) -> set[str]:
        return {f"{path}.{name}" for name, vpn in self.vpns.items() for path in vpn.get("paths") or {}}


def merge(base: Mapping[str, Tree], over: Mapping[str, Tree]) -> dict[str, Tree]:
    """`over` wins: entry by entry in maps of named things, whole otherwise."""
    out = dict(base)
    for key, value in over.items():
        if key in NOT_CONFIG or value is None:
            continue
        if key in MERGED_BY_ENTRY and isinstance(out.get(key), dict) and isinstance(value, dict):
            out[key] = {**out[key], **value}
        else:
            out[key] = value
    return out


def with_policies(config: dict[str, Tree], world: World) -> dict[str, Tree]:
    """Policies that point to an organisation policy take its keys, local keys win."""
    listed = config.get("service_policies") or []
    if any(policy.get("servicepolicy_id") for policy in listed):
        filled = [
            {**strip(world.policies.get(policy.get("servicepolicy_id") or "", {})), **policy} for policy in listed
        ]
        return {**config, "service_policies": filled}
    return config


def strip(body: Mapping[str, Tree]) -> dict[str, Tree]:
    return {key: value for key, value in body.items() if key not in ("id", "org_id", "created_time", "modified_time")}


_written = sorted_json()


def digest(*parts: Any) -> str:
    return hashlib.sha256(_written(parts).encode()).hexdigest()


@attrs.define(kw_only=True)
class Basis:
    """A merged configuration that many gateways may share.

    Threads: any; what is kept follows from its key, so that two may work it out.

    Attributes:
        config: merged, policies resolved, variables still in place.
        digest: over the configuration and everything it names.
        variables: names used.
    """

    config: dict[str, Tree]
    world: World
    digest: str
    variables: frozenset[str]
    _problems: dict[tuple[str, bool], str | None] = attrs.field(factory=dict)

    def problem(self, model: str, clustered: bool) -> str | None:
        """Why no device of this model can take it, whatever its variables are."""
        key = (model, clustered)
        if key not in self._problems:
            self._problems[key] = next(problems(self.config, self.world, model, clustered), None)
        return self._problems[key]


def basis(config: dict[str, Tree], world: World, *, remote_too: bool) -> Basis:
    """With `remote_too`, networks that only a policy names, as a source elsewhere, need their variables here too."""
    resolved = with_policies(config, world)
    named = used_objects(resolved, world, network_names(resolved))
    here = named if remote_too else used_objects(resolved, world, attached_networks(resolved))
    variables = frozenset(VARIABLE.findall(json.dumps([resolved, here])))
    return Basis(
        config=resolved,
        world=world,
        digest=digest(_written([resolved, named]), world.shared),
        variables=variables,
    )


def used_objects(config: Mapping[str, Tree], world: World, names: Iterable[str]) -> list[dict[str, Tree]]:
    """Bodies of these networks, and of the applications and overlays that a configuration names."""
    networks = [strip(world.networks[name]) for name in sorted(set(names)) if name in world.networks]
    services = [strip(world.services[name]) for name in sorted(service_names(config)) if name in world.services]
    vpns = sorted({key.rpartition(".")[2] for port in _ports(config).values() for key in port.get("vpn_paths") or {}})
    return [*networks, *services, *(strip(world.vpns[name]) for name in vpns if name in world.vpns)]


def network_names(config: Mapping[str, Tree]) -> Iterator[str]:
    yield from attached_networks(config)
    for policy in config.get("service_policies") or ():
        yield from policy.get("tenants") or ()


def attached_networks(config: Mapping[str, Tree]) -> Iterator[str]:
    """Networks that the device itself has, as against those that traffic comes from elsewhere."""
    for port in _ports(config).values():
        yield from port.get("networks") or ()
        yield from port.get("wan_networks") or ()
        if port.get("port_network"):
            yield port["port_network"]
    yield from config.get("ip_configs") or {}
    yield from (key for key in config.get("dhcpd_config") or {} if key != "enabled")
    for steering in (config.get("path_preferences") or {}).values():
        for path in steering.get("paths") or ():
            yield from path.get("networks") or ()
    for vrf in (config.get("vrf_instances") or {}).values():
        yield from vrf.get("networks") or ()


def service_names(config: Mapping[str, Tree]) -> set[str]:
    return {name for policy in config.get("service_policies") or () for name in policy.get("services") or ()}


def _ports(config: Mapping[str, Tree]) -> Mapping[str, Mapping[str, Tree]]:
    ports: Mapping[str, Mapping[str, Tree]] = config.get("port_config") or {}
    return ports


def problems(config: Mapping[str, Tree], world: World, model: str, clustered: bool) -> Iterator[str]:
    """Everything about a merged configuration that a device rejects."""
    yield from _port_problems(config)
    yield from _overlaps(_ports(config))
    yield from _reference_problems(config, world)
    if clustered:
        yield from missing_ha_ports(config, model)


def missing_ha_ports(config: Mapping[str, Tree], model: str) -> Iterator[str]:
    """A pair needs its links; without any port of its own it gets the default configuration, which has them."""
    ports = _ports(config)
    for usage in ("ha_control", "ha_data"):
        keys = [key for key, port in ports.items() if port.get("usage") == usage]
        if ports and needs_port(model, usage) and not any("," in key or "{{" in key for key in keys):
            yield f"no {usage} port pair in port_config"


def _port_problems(config: Mapping[str, Tree]) -> Iterator[str]:
    for key, port in _ports(config).items():
        usage = port.get("usage")
        if usage == "wan":
            continue
        for name in sorted(WAN_ONLY & port.keys()):
            if port[name] is not None:
                yield f"Transformation Failed Problems: intent/port_config/{key}/{name} not allowed for usage {usage}"


def _overlaps(ports: Mapping[str, Tree]) -> Iterator[str]:
    owner: dict[str, str] = {}
    for key in ports:
        for port in expand(key):
            if port in owner and owner[port] != key:
                yield f"port {port} is used by {owner[port]} and by {key}"
            owner[port] = key


def expand(key: str) -> list[str]:
    """The single ports of a `port_config` key: lists and ranges written out, sub-interfaces kept apart."""
    out: list[str] = []
    for part in key.split(","):
        match = re.fullmatch(r"(.+/)(\d+)-(\d+)(\..+)?", part.strip())
        if match and int(match[3]) - int(match[2]) < 256:
            out += [f"{match[1]}{number}{match[4] or ''}" for number in range(int(match[2]), int(match[3]) + 1)]
        elif "{{" not in part:
            out.append(part.strip())
    return out


def _reference_problems(config: Mapping[str, Tree], world: World) -> Iterator[str]:
    yield from _unknown("network", network_names(config), _known_networks(config, world))
    yield from _unknown("application", service_names(config), world.services.keys() | BUILT_IN_SERVICES)
    steering = config.get("path_preferences") or {}
    preferences = [p["path_preference"] for p in config.get("service_policies") or () if p.get("path_preference")]
    yield from _unknown("traffic steering", preferences, steering.keys())
    yield from _policy_ids(config, world)
    paths = world.vpn_paths()
    yield from _unknown("vpn path", (k for port in _ports(config).values() for k in port.get("vpn_paths") or {}), paths)
    yield from _steering_problems(config, paths)


def _policy_ids(config: Mapping[str, Tree], world: World) -> Iterator[str]:
    ids = (p["servicepolicy_id"] for p in config.get("service_policies") or () if p.get("servicepolicy_id"))
    yield from _unknown("application policy", ids, world.policies.keys())


def _known_networks(config: Mapping[str, Tree], world: World) -> set[str]:
    known = set(world.networks)
    known |= {f"{tenant}.{name}" for name, body in world.networks.items() for tenant in body.get("tenants") or {}}
    local = config.get("networks") or ()
    known |= set(local) if isinstance(local, Mapping) else {entry.get("name", "") for entry in local}
    return known


def _steering_problems(config: Mapping[str, Tree], vpn_paths: set[str]) -> Iterator[str]:
    wans = {port["name"] for port in _ports(config).values() if port.get("usage") == "wan" and port.get("name")}
    # a path may be named with or without its overlay
    overlay = vpn_paths | {path.rpartition(".")[0] for path in vpn_paths}
    known: dict[str, Iterable[str]] = {"wan": wans, "vpn": overlay, "tunnel": (config.get("tunnel_configs") or {})}
    for name, steering in (config.get("path_preferences") or {}).items():
        for path in steering.get("paths") or ():
            kind = path.get("type")
            if kind in known:
                wrong = next(_unknown(f"{kind} path", [path.get("name") or ""], known[kind]), None)
                if wrong:
                    yield f"{wrong} in traffic steering {name}"


def _unknown(what: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    there = set(known)
    for name in names:
        if name not in there and "{{" not in name:
            yield f"unknown {what} {name!r}"
