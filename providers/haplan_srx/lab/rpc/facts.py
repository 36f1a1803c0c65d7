"""RPCs that tell what a box is: release, serial number, MAC addresses, and the few files that clients ask for."""

import fnmatch
import sqlite3
from collections.abc import Callable

from haplan_srx.lab.chassis import boxes, cluster
from haplan_srx.lab.config.candidates import stamp
from haplan_srx.lab.config.tree import Trouble, tag_of
from haplan_srx.lab.estate import next_mishap
from haplan_srx.lab.netconf.wire import Call, Refused, Table, block, tag

TABLE = Table()


def per_node(call: Call, told: Callable[[sqlite3.Row], str]) -> str:
    """Bare from a single box; from a cluster wrapped, one item a node."""
    if not call.box["cluster"]:
        return told(call.box)
    wanted = call.text("node")
    items = []
    for number, one in cluster.nodes(call.tx, call.box).items():
        if wanted in ("", "all", f"node{number}", str(number)) or (wanted == "local" and one["mac"] == call.box["mac"]):
            up = boxes.is_up(call.tx, one)
            gone = Trouble(message=f"Could not connect to node{number} : No route to host")
            items.append(
                block(
                    "multi-routing-engine-item",
                    tag("re-name", f"node{number}") + (told(one) if up else call.voice.trouble(gone)),
                )
            )
    return block("multi-routing-engine-results", items)


@TABLE.rpc("get-software-information")
def software_information(call: Call) -> str:
    """Release and model."""

    def told(box: sqlite3.Row) -> str:
        package = tag("name", "junos-version") + tag("comment", f"JUNOS Software Release [{box['version']}]")
        return block(
            "software-information",
            [
                tag("host-name", boxes.host_name(call.tx, box)),
                tag("product-model", box["model"].lower() if box["model"] != "VSRX" else "vSRX"),
                tag("product-name", box["model"].lower()),
                tag("os-name", "junos-es"),
                tag("junos-version", box["version"]),
                block("package-information", package),
            ],
        )

    return per_node(call, told)


@TABLE.rpc("get-system-information")
def system_information(call: Call) -> str:
    """The short form: one box, the one that answers."""
    box = call.box
    parts = [
        tag("hardware-model", box["model"].lower() if box["model"] != "VSRX" else "vSRX"),
        tag("os-name", "junos-es"),
        tag("os-version", box["version"]),
        tag("serial-number", box["serial"]),
        tag("host-name", boxes.host_name(call.tx, box)),
    ]
    return block("system-information", [*parts, tag("cluster-node")] if box["cluster"] else parts)


@TABLE.rpc("get-chassis-inventory")
def chassis_inventory(call: Call) -> str:
    """Serial number and model of the chassis."""

    def told(box: sqlite3.Row) -> str:
        name = box["model"] if box["model"] != "VSRX" else "VSRX"
        chassis = [tag("name", "Chassis"), tag("serial-number", box["serial"]), tag("description", name)]
        engine = [tag("name", "Routing Engine"), tag("description", f"RE-{name}")]
        inner = block("chassis", [*chassis, block("chassis-module", engine)])
        return block("chassis-inventory", inner, xmlns=call.voice.area("junos-chassis"))

    return per_node(call, told)


@TABLE.rpc("get-chassis-mac-addresses")
def mac_addresses(call: Call) -> str:
    """The base MAC address, by which the nodes of a cluster are told apart."""

    def told(box: sqlite3.Row) -> str:
        mac = ":".join(box["mac"][at : at + 2] for at in range(0, 12, 2))
        inner = tag("public-base-address", mac) + tag("public-count", 64)
        return block(
            "chassis-mac-addresses", block("mac-address-information", inner), xmlns=call.voice.area("junos-chassis")
        )

    return per_node(call, told)


@TABLE.rpc("get-route-engine-information")
def route_engine(call: Call) -> str:
    """The routing engine: since when it is up."""

    def told(box: sqlite3.Row) -> str:
        up = int(call.tx.now - box["booted"])
        parts = [
            tag("status", "OK"),
            tag("model", f"RE-{box['model']}"),
            tag("start-time", stamp(box["booted"]), junos__seconds=str(int(box["booted"]))),
            tag("up-time", f"{up // 86400} days, {up // 3600 % 24} hours", junos__seconds=str(up)),
            tag("last-reboot-reason", "Router rebooted after a normal shutdown."),
        ]
        return block("route-engine-information", block("route-engine", parts), xmlns=call.voice.area("junos-chassis"))

    return per_node(call, told)


@TABLE.rpc("get-system-uptime-information")
def uptime(call: Call) -> str:
    """The clock of the box, and its last start."""

    def told(box: sqlite3.Row) -> str:
        def moment(name: str, at: float) -> str:
            return block(name, tag("date-time", stamp(at), junos__seconds=str(int(at))))

        said = moment("current-time", call.tx.now) + moment("system-booted-time", box["booted"])
        return block("system-uptime-information", said)

    return per_node(call, told)


@TABLE.rpc("get-alarm-information", "get-system-alarm-information")
def alarms(call: Call) -> str:
    """None, ever."""
    summary = block("alarm-summary", tag("no-active-alarms"))
    return per_node(call, lambda _box: block("alarm-information", summary, xmlns=call.voice.area("junos-alarm")))


def private_addresses(call: Call) -> str:
    """What tells a client which node it is on: the addresses of the private routing instance."""
    addresses = ["128.0.0.1/2", "128.0.0.4/2"]
    if call.box["cluster"]:
        area = (call.box["cluster"] & 15) << 4 or call.box["cluster"]
        addresses = [f"{129 + call.box['node']}.{area}.0.1/2"]
        if boxes.primary(call.tx, call.box) == call.box["mac"]:
            addresses.append(f"143.{area}.0.1/2")
    locals_ = [block("interface-address", tag("ifa-local", one)) for one in addresses]
    family = block("address-family", [tag("address-family-name", "inet"), *locals_])
    logical = block("logical-interface", tag("name", "em0.0") + family)
    return block("interface-information", logical, xmlns=call.voice.area("junos-interface"), junos__style="terse")


@TABLE.rpc("ping")
def ping(call: Call) -> str:
    """A host that answers, unless `lab.toml` says that it is silent. There is no network behind it."""
    known = {"host", "count"}
    other = next((tag_of(one) for one in call.op if tag_of(one) not in known), None)
    if other is not None:
        raise Refused(Trouble(message="the simulator takes host and count", bad=other))
    host, count = call.text("host"), call.text("count", "5")
    if not host:
        raise Refused(Trouble(message="missing mandatory argument", bad="host", tag="missing-element"))
    if not count.isdigit() or not int(count):
        raise Refused(Trouble(message=f"Value {count} is not within range (1..2000000000)", bad=count))
    silent = next_mishap(call.tx, "silent", call.box, lambda spec: fnmatch.fnmatchcase(host, spec["host"]))
    received = 0 if silent else int(count)
    summary = [tag("probes-sent", count), tag("responses-received", received), tag("packet-loss", 100 if silent else 0)]
    return block(
        "ping-results",
        [
            tag("target-host", host),
            tag("target-ip", host),
            tag("packet-size", 56),
            block("probe-results-summary", summary),
            tag("ping-failure", "no response") if silent else tag("ping-success"),
        ],
        xmlns=call.voice.area("junos-probe-tests"),
    )


@TABLE.rpc("file-show")
def file_show(call: Call) -> str:
    """There are no files but the hosts file, which names the routing engines of a single box."""
    name = call.text("filename")
    if name != "/etc/hosts.junos":
        raise Refused(Trouble(message=f"could not resolve file: {name}"))
    return tag("file-content", "\n128.0.0.1 master\n128.0.0.4 re0\n")
