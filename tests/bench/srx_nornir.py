"""One edit on many SRX pairs, as a careful person writes it with nornir and ncclient: ``srx_nornir.py JOB.json``.

On each pair: a session with the node that is primary, a private copy, the edit, compare, commit check, confirmed
commit; then a new session, the state of the cluster, and the confirmation. Host keys are verified. Nobody confirms
where a check is red. The job holds the edit as `set` lines, the pairs with ports and host keys, who logs in, and how
many at once.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lxml import etree
from ncclient import manager
from nornir.core import Nornir
from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner

PRIVATE = "<open-configuration><private/></open-configuration>"
CHECKS = ("get-chassis-cluster-status", "get-chassis-cluster-interfaces", "get-software-information")


def connect(host: Host, node: dict[str, Any]) -> manager.Manager:
    """A session with one node, whose key must be the known one."""
    return manager.connect(
        host="127.0.0.1", port=node["port"], username=host["username"], password=os.environ["JUNOS_PASSWORD"],
        hostkey_b64=node["key"], hostkey_verify=True, allow_agent=False, look_for_keys=False,
        device_params={"name": "junos"}, timeout=300,
    )  # fmt: skip


def said(device: manager.Manager, rpc: str) -> etree._Element:
    """The reply to an RPC without namespaces."""
    root = etree.fromstring(str(device.rpc(f"<{rpc}/>")).encode())
    for one in root.iter(etree.Element):
        one.tag = etree.QName(one).localname
    return root


def roles(status: etree._Element) -> list[list[str]]:
    """For each redundancy group the roles of node0 and node1."""
    return [[(one.text or "").strip() for one in group.iter("redundancy-group-status")]
            for group in status.iter("redundancy-group")]  # fmt: skip


@contextmanager
def primary(host: Host) -> Iterator[manager.Manager]:
    """A session with the node that may be configured."""
    for at, node in enumerate(host["nodes"]):
        device = connect(host, node)
        try:
            if roles(said(device, "get-chassis-cluster-status"))[0][at] == "primary":
                yield device
                return
        finally:
            device.close_session()
    raise RuntimeError(f"{host.name}: no node is primary")


def unwell(device: manager.Manager) -> list[str]:
    """What speaks against a confirmation."""
    status, links, software = (said(device, rpc) for rpc in CHECKS)
    found = [f"roles {group}" for group in roles(status) if sorted(group) != ["primary", "secondary"]]
    found += [f"control {one.text}" for one in links.iter("control-interface-status") if one.text != "Up"]
    found += [f"reth {one.text}" for one in links.iter("reth-status") if one.text != "Up"]
    found += [f"fabric {one.text}" for one in links.iter("fabric-child-interface-status")
              if " ".join((one.text or "").split()) != "Up / Up"]  # fmt: skip
    versions = {one.text for one in software.iter("junos-version")}
    return found + ([f"versions {sorted(map(str, versions))}"] if len(versions) > 1 else [])


def change(task: Task, edit: str, log: str) -> Result:
    """The whole change on one pair."""
    with primary(task.host) as device:
        device.rpc(PRIVATE)
        device.load_configuration(action="set", config=edit)
        compared = "".join(device.compare_configuration().xpath("//configuration-output/text()"))
        device.commit(check=True)
        device.commit(confirmed=True, timeout="600", comment=log)
        device.rpc("<close-configuration/>")
    with primary(task.host) as device:
        wrong = unwell(device)
        if wrong:
            return Result(task.host, failed=True, result=wrong)
        newest = said(device, "get-commit-information").find(".//commit-history/log")
        if newest is None or newest.text != log:
            return Result(task.host, failed=True, result="it is not the newest commit any more")
        device.commit(comment=f"{log} confirmed")
    return Result(task.host, changed=True, result=compared)


def main(job: dict[str, Any]) -> int:
    hosts = Hosts({name: Host(name, data={"nodes": nodes, "username": job["username"]})
                   for name, nodes in job["pairs"].items()})  # fmt: skip
    pairs = Nornir(Inventory(hosts, Groups(), Defaults()), runner=ThreadedRunner(job["parallelism"]))
    done = pairs.run(task=change, edit=job["edit"], log="nornir")
    for name, result in done.failed_hosts.items():
        print(f"{name}: {result[0].exception or result[0].result}", file=sys.stderr)
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
