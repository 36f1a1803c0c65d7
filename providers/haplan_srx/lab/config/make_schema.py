"""Write `schema.json.xz`: what the simulator knows of the configuration language.

Usage: `python make_schema.py PATH/TO/junos-es-24.4R1.tar.xz`. Takes the statements that `KEEP` names out of the
vendor's YANG models for the SRX family (Juniper/yang, 24.4R1, Apache-2.0, see LICENSE.juniper-yang): names, kinds,
keys, types, ranges, order, how the CLI writes them, and the constraints of a commit. Nothing is changed by hand.

The result is one list of nodes; equal subtrees are one node. See `schema.py` for the meaning of the letters.
"""

import json
import lzma
import pathlib
import re
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

from haplan.plugin import Tree

Statement = tuple[str, str, list[Any]]

KEEP = """
system/host-name system/domain-name system/time-zone system/management-instance system/root-authentication/**
system/login/user/** system/login/message system/services/netconf/** system/services/ssh/**
system/services/web-management/** system/syslog/** system/ntp/** system/name-server/** system/backup-router/**
system/commit/** system/license/** system/autoinstallation/** system/services/dhcp-local-server/group/**
system/ports/**
chassis/cluster/** chassis/high-availability/** services/rpm/probe/** services/ip-monitoring/policy/**
chassis/alarm/** chassis/aggregated-devices/ethernet/** chassis/fpc/pic/port/** chassis/node/**
security/address-book/** security/zones/** security/policies/** security/nat/** security/screen/**
security/advance-policy-based-routing/** security/flow/** security/ike/** security/ipsec/** security/alg/**
security/log/** security/forwarding-options/** security/application-tracking/** security/pki/ca-profile/**
security/dynamic-address/**
interfaces/interface/description interfaces/interface/disable interfaces/interface/vlan-tagging
interfaces/interface/flexible-vlan-tagging interfaces/interface/native-vlan-id interfaces/interface/mtu
interfaces/interface/mac interfaces/interface/speed interfaces/interface/link-mode interfaces/interface/encapsulation
interfaces/interface/hold-time/** interfaces/interface/fabric-options/** interfaces/interface/gigether-options/**
interfaces/interface/ether-options/** interfaces/interface/fastether-options/**
interfaces/interface/redundant-ether-options/** interfaces/interface/aggregated-ether-options/**
interfaces/interface/unit/description interfaces/interface/unit/disable interfaces/interface/unit/vlan-id
interfaces/interface/unit/bandwidth interfaces/interface/unit/encapsulation interfaces/interface/unit/ppp-options/**
interfaces/interface/unit/pppoe-options/** interfaces/interface/unit/family/inet/negotiate-address
interfaces/interface/unit/tunnel/** interfaces/interface/unit/point-to-point
interfaces/interface/unit/multipoint interfaces/interface/unit/family/inet/address/**
interfaces/interface/unit/family/inet/dhcp/** interfaces/interface/unit/family/inet/filter/**
interfaces/interface/unit/family/inet/mtu interfaces/interface/unit/family/inet/sampling/**
interfaces/interface/unit/family/inet/rpf-check/** interfaces/interface/unit/family/inet6/address/**
interfaces/interface/unit/family/inet6/filter/** interfaces/interface/unit/family/inet6/mtu
interfaces/interface/unit/family/inet6/dhcpv6-client/** interfaces/interface/unit/family/ethernet-switching/**
snmp/description snmp/location snmp/contact snmp/community/** snmp/trap-group/**
policy-options/prefix-list/** policy-options/policy-statement/** policy-options/community/** policy-options/as-path/**
firewall/family/inet/filter/** firewall/policer/** firewall/filter/**
routing-instances/instance/description routing-instances/instance/instance-type
routing-instances/instance/interface/** routing-instances/instance/routing-options/static/**
routing-instances/instance/routing-options/interface-routes/**
routing-instances/instance/routing-options/instance-import routing-instances/instance/routing-options/instance-export
routing-options/static/** routing-options/router-id routing-options/autonomous-system/** routing-options/rib-groups/**
routing-options/interface-routes/** routing-options/forwarding-table/** routing-options/instance-import
applications/** access/address-assignment/pool/family/inet/** forwarding-options/dhcp-relay/server-group/**
forwarding-options/dhcp-relay/group/interface/** forwarding-options/dhcp-relay/group/active-server-group/**
vlans/vlan/**
"""
"""What is kept, in the order in which a device sends its top statements; ``/**`` takes everything below."""

BELOW = {"list", "container"}
KINDS = {"container": "c", "list": "l", "leaf": "f", "leaf-list": "F"}


class Module:
    """One parsed module: its body, and groupings by name wherever they stand.

    Threads: one; made for one compilation.
    """

    def __init__(self, text: str) -> None:
        self.body = statements(tokens(text))[0][2]
        self.groupings: dict[str, list[Statement]] = {}
        self._collect(self.body)

    def _collect(self, body: list[Statement]) -> None:
        for keyword, argument, below in body:
            if keyword == "grouping":
                self.groupings[argument] = below
            self._collect(below)

    def top(self) -> list[Statement]:
        """What the module adds to the configuration."""
        return next(below for keyword, _, below in self.body if keyword == "augment")

    def children(self, body: list[Statement], branch: str = "") -> Iterator[tuple[Statement, str]]:
        """Data nodes right below a body, each with the choice and case it stands in, such as ``then-action:permit``."""
        for statement in body:
            keyword, argument, below = statement
            if keyword == "uses":
                yield from self.children(self.groupings.get(argument.split(":")[-1], []), branch)
            elif keyword == "choice":
                for case in below:
                    if case[0] == "case":
                        yield from self.children(case[2], f"{argument}:{case[1]}")
                    elif case[0] in KINDS:
                        yield case, f"{argument}:{case[1]}"
            elif keyword in KINDS:
                yield statement, branch


TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|(?P<mark>[{};])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<word>[^\s{};]+)""",
    re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "double":
            yield "text", re.sub(r'\\(["\\])', r"\1", found["double"])
        elif kind == "single":
            yield "text", found["single"]
        elif kind:
            yield kind, found[kind]


def statements(stream: Iterator[tuple[str, str]]) -> list[Statement]:
    found: list[Statement] = []
    for kind, keyword in stream:
        if (kind, keyword) == ("mark", "}"):
            break
        argument, below = "", list[Statement]()
        for inner, value in stream:
            if (inner, value) == ("mark", ";"):
                break
            if (inner, value) == ("mark", "{"):
                below = statements(stream)
                break
            if (inner, value) != ("word", "+"):
                argument += value
        found.append((keyword, argument, below))
    return found


class Keeper:
    """Which paths are kept."""

    def __init__(self, text: str) -> None:
        self.whole = {path.removesuffix("/**") for path in text.split() if path.endswith("/**")}
        self.exact = {path for path in text.split() if not path.endswith("/**")} | self.whole
        self.above = {path.rsplit("/", count)[0] for path in self.exact for count in range(1, path.count("/") + 1)}

    def keeps(self, path: str, inside: bool) -> bool:
        return inside or path in self.exact or path in self.above


class Compiler:
    """Builds the list of nodes.

    Threads: one; made for one compilation.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.nodes: list[str] = []
        self.known: dict[str, int] = {}

    def node(self, module: Module, statement: Statement, branch: str, path: str, inside: bool, depth: int) -> int:
        keyword, name, body = statement
        made: dict[str, Tree] = {"n": name, "k": KINDS[keyword]}
        made |= facts(body)
        if branch:
            made["c"] = branch
        if keyword in BELOW:
            inside = inside or path in self.keeper.whole
            keys = made.get("key", [])
            below = []
            for child, case in module.children(body):
                inner = f"{path}/{child[1]}"
                if child[1] in ("apply-groups", "apply-groups-except", "apply-macro"):
                    continue
                if depth < 24 and (child[1] in keys or self.keeper.keeps(inner, inside)):
                    below.append(self.node(module, child, case, inner, inside, depth + 1))
            made["b"] = below
        return self._number(made)

    def _number(self, made: dict[str, Tree]) -> int:
        text = json.dumps(made, separators=(",", ":"))
        if text not in self.known:
            self.known[text] = len(self.nodes)
            self.nodes.append(text)
        return self.known[text]


def facts(body: list[Statement]) -> dict[str, Tree]:
    """Everything but the children."""
    made: dict[str, Tree] = {}
    features, rules = set(), []
    for index, (keyword, argument, below) in enumerate(body):
        match keyword.split(":")[-1]:
            case "key":
                made["key"] = argument.split()
            case "ordered-by" if argument == "user":
                made["o"] = 1
            case "mandatory" if argument == "true":
                made["m"] = 1
            case "presence":
                made["p"] = 1
            case "max-elements" if argument.isdigit():
                made["x"] = int(argument)
            case "cli-feature":
                features.add(argument)
            case "must":
                said = (
                    body[index + 1][1] if index + 1 < len(body) and body[index + 1][0].endswith(":must-message") else ""
                )
                rules.append([argument, said])
            case "type":
                made["t"] = types(argument, below)
    letters = [("nokeyword", "h"), ("oneliner", "1"), ("oneliner-plus", "+"), ("homogeneous", "g")]
    marks = "".join(sorted({letter for feature, letter in letters if feature in features}))
    if marks:
        made["f"] = marks
    if rules:
        made["r"] = rules
    return made


def types(name: str, body: list[Statement]) -> list[Any]:
    """Alternatives of a type: ["e", words], ["i", bits, ranges], ["s", lengths, patterns], ["0"] for a flag, ["v"]."""
    name = name.split(":")[-1]
    if name == "union":
        return [one for keyword, argument, below in body if keyword == "type" for one in types(argument, below)]
    if name == "enumeration":
        return [["e", [argument for keyword, argument, _ in body if keyword == "enum"]]]
    if name == "empty":
        return [["0"]]
    ranges = [argument for keyword, argument, _ in body if keyword == "range"]
    if re.fullmatch(r"u?int\d+", name):
        return [["i", name, *ranges]]
    patterns = [argument for keyword, argument, _ in body if keyword.endswith("posix-pattern")]
    plain = [argument for keyword, argument, _ in body if keyword == "pattern"]
    if any("<.*>" in pattern for pattern in plain):
        return [["v"]]
    lengths = [argument for keyword, argument, _ in body if keyword == "length"]
    made: list[Any] = ["s", name, lengths[0] if lengths else ""]
    return [[*made, *plain, *(f"posix {pattern}" for pattern in patterns)]]


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    compiler = Compiler(Keeper(KEEP))
    wanted = {path.split("/")[0] for path in KEEP.split()}
    tops: dict[str, int] = {}
    with tarfile.open(source, "r:xz") as archive:
        for member in sorted(archive.getmembers(), key=lambda one: one.name):
            found = re.search(r"/conf-with-extensions/junos-es-conf-([\w-]+)@", member.name)
            if found is None or found[1] not in wanted:
                continue
            file = archive.extractfile(member)
            module = Module(file.read().decode() if file else "")
            for statement, branch in module.children(module.top()):
                if statement[1] in wanted:
                    path = statement[1]
                    tops[path] = compiler.node(module, statement, branch, path, False, 0)
    order = dict.fromkeys(path.split("/")[0] for path in KEEP.split())
    written = (
        f'{{"source":"Juniper/yang 24.4R1 junos-es, Apache-2.0","tops":{[tops[name] for name in order]},"nodes":[\n'
    )
    written += ",\n".join(compiler.nodes) + "\n]}\n"
    target.write_bytes(lzma.compress(written.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name("schema.json.xz"))
