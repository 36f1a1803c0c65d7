"""One policy for many SRX pairs: `haplan apply`, and beside it the same job by nornir and ncclient.

    pip install nornir ncclient
    python tests/bench/srx.py --pairs 200 --repeat 1 --out result.json

Run by hand. The boxes are simulated by a process of their own, which both clients work on, each from the same estate:
the pairs are formed and configured, then the policy is put between two others. What both leave on the boxes must be
the same, and so must the number of commits by the simulator's own log: one on each pair, and its confirmation.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bench

STACK = """
from haplan import provider
from haplan.design import *

provider("srx", known_hosts={known_hosts!r}, addresses={addresses!r})
office = Network("office", subnet="{{{{OFFICE}}}}.0/24", vlan_id=100)
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/80,443"])
anything = Application("anything", addresses=["0.0.0.0/0"], protocols=["any"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/7", static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan1", "ge-1/0/7", static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{office: "{{{{OFFICE}}}}.1/24", guest: "172.22.99.1/24"}}, reth_idx=0),
    ha_fabric("ge-0/0/2,ge-1/0/2"),
])
first = Steering("first", template=edge, paths=[edge.wan("wan0"), edge.wan("wan1")])
def allow(label, networks, application):
    Policy(label, template=edge, networks=networks, applications=[application], action="allow", steering=first)
allow("office-web", [office], web)
{policy}
allow("guest-out", [guest], anything)
for number in (7919 * at % {pairs} + 1 for at in range({pairs})):  # each once, in no order
    site = Site(f"shop{{number}}", country_code="CH", timezone="Europe/Zurich",
                variables={{"OFFICE": f"10.{{number}}.0"}})
    macs = [f"02{{number:08x}}0{{at}}" for at in (0, 1)]
    Cluster(f"shop{{number}}", site=site, template=edge, model="SRX300", cluster_id=number,
            nodes=[node(mac, host=mac) for mac in macs],
            attested=attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20"))
"""
POLICY = 'allow("guest-web", [guest], web)'
EDIT = """
set security policies from-zone guest to-zone {wan} policy guest-web match source-address net-guest
set security policies from-zone guest to-zone {wan} policy guest-web match destination-address app-web
set security policies from-zone guest to-zone {wan} policy guest-web match application web
set security policies from-zone guest to-zone {wan} policy guest-web then permit
insert security policies from-zone guest to-zone {wan} policy guest-web before policy guest-out
"""
"""What the policy is on a device, for each way out."""
TERM = """
set firewall family inet filter from-guest term guest-web from destination-address 203.0.113.0/24
set firewall family inet filter from-guest term guest-web from protocol tcp
set firewall family inet filter from-guest term guest-web from destination-port [ 80 443 ]
set firewall family inet filter from-guest term guest-web then routing-instance steer-first
insert firewall family inet filter from-guest term guest-web before term guest-out
"""
HERE = Path(__file__).resolve().parent


def macs(number: int) -> list[str]:
    """The nodes of a pair."""
    return [f"02{number:08x}0{at}" for at in (0, 1)]


class Farm:
    """The simulated pairs, in a folder; and the stack that haplan keeps them by.

    Attributes:
        folder: Where everything is.
        pairs: How many.
        told: What the simulator says of itself as it starts.
    """

    def __init__(self, folder: Path, pairs: int) -> None:
        self.folder, self.pairs = folder, pairs
        self.told: dict[str, Any] = {}
        boxes = (f'[[device]]\nmac = "{mac}"\nserial = "S{mac}"\nmodel = "SRX300"\npair = "{other}"\n'
                 for number in range(1, pairs + 1)
                 for mac, other in (macs(number), macs(number)[::-1]))  # fmt: skip
        (folder / "lab.toml").write_text("[settings]\nboot_minutes = 0\nhold_seconds = 0\n" + "".join(boxes))

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve the boxes in a process of its own."""
        command = [sys.executable, "-m", "haplan_srx.lab", str(self.folder / "lab"), "--definition", "lab.toml"]
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            self.pid = process.pid
            self.told = json.loads(process.stdout.readline())
            os.environ |= {"JUNOS_USERNAME": self.told["user"], "JUNOS_PASSWORD": self.told["password"]}
            yield
        finally:
            process.terminate()
            process.wait(30)

    def cpu(self) -> float:
        """CPU seconds of the simulator so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def write_stack(self, policy: str) -> None:
        """The stack, with this between its two policies."""
        addresses = {mac: f"127.0.0.1:{port}" for mac, port in self.told["ports"].items()}
        text = STACK.format(known_hosts=self.told["known_hosts"], addresses=addresses, pairs=self.pairs, policy=policy)
        (self.folder / "stack.py").write_text(text)

    def asked(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the simulator's file."""
        with closing(sqlite3.connect(f"file:{self.folder}/lab/srx.db?mode=ro", uri=True)) as db:
            return db.execute(question).fetchall()


class Turn(NamedTuple):
    """What one client did.

    Attributes:
        cost: Of its process.
        served: CPU seconds that the simulator worked for it.
        commits, confirmations: By the simulator's log.
        rpcs: Name → how often it was asked.
        left: Pair → fingerprint of the configuration that runs there afterwards.
    """

    cost: bench.Cost
    served: float
    commits: int
    confirmations: int
    rpcs: dict[str, int]
    left: dict[str, str]


def prepared(folder: Path, pairs: int, parallelism: int) -> Farm:
    """Pairs that are formed and configured without the policy; their simulator is ended."""
    farm = Farm(folder, pairs)
    with farm.served():
        farm.write_stack("")
        print(f"forming {pairs} pairs", file=sys.stderr)
        cost = bench.measured(haplan("apply", "--auto-approve", "--parallelism", str(parallelism)), folder)
        print(f"formed: {cost.wall:.0f} s", file=sys.stderr)
    return farm


def haplan(*arguments: str) -> list[str]:
    """A command of haplan."""
    return [sys.executable, "-m", "haplan", *arguments]


def copied(farm: Farm, folder: Path) -> Farm:
    """The same pairs once more: estate and state."""
    shutil.copytree(farm.folder, folder)
    return Farm(folder, farm.pairs)


def turn(farm: Farm, client: str, parallelism: int) -> Turn:
    """One client's change, as a whole process."""
    seen = farm.asked("select max(seq) from commits")[0][0], farm.asked("select max(seq) from requests")[0][0]
    with farm.served():
        command = CLIENTS[client](farm, parallelism)
        began = farm.cpu()
        cost = bench.measured(command, farm.folder)
        served = farm.cpu() - began
    logs = [log for (log,) in farm.asked(f"select log from commits where seq > {seen[0]}")]
    confirmations = sum(log.endswith(" confirmed") for log in logs)
    rpcs = dict(farm.asked(f"select rpc, count(*) from requests where seq > {seen[1]} group by rpc order by rpc"))
    left = dict(farm.asked("select min(b.mac), d.running from boxes b join dbs d on d.id = b.db group by b.db"))
    return Turn(cost, served, len(logs) - confirmations, confirmations, rpcs, left)


def by_haplan(farm: Farm, parallelism: int) -> list[str]:
    """The stack with the policy, planned and applied."""
    farm.write_stack(POLICY)
    return haplan("apply", "--auto-approve", "--parallelism", str(parallelism))


def by_nornir(farm: Farm, parallelism: int) -> list[str]:
    """The edit that it comes to, and where the pairs are."""
    known = Path(farm.told["known_hosts"]).read_text(encoding="ascii").splitlines()
    keys = {line.split()[0].rpartition(":")[2]: line.split()[2] for line in known}
    ports = farm.told["ports"]
    pairs = {
        f"shop{number}": [{"port": ports[mac], "key": keys[str(ports[mac])]} for mac in macs(number)]
        for number in range(1, farm.pairs + 1)
    }
    edit = EDIT.format(wan="wan0") + EDIT.format(wan="wan1") + TERM
    job = {"pairs": pairs, "edit": edit, "username": farm.told["user"], "parallelism": parallelism}
    (farm.folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return [sys.executable, str(HERE / "srx_nornir.py"), "job.json"]


CLIENTS = {"haplan": by_haplan, "nornir + ncclient": by_nornir}


def planned(farm: Farm) -> dict[str, int]:
    """What haplan's plan of the policy comes to."""
    with farm.served():
        farm.write_stack(POLICY)
        bench.measured(haplan("plan", "--json"), farm.folder, into=farm.folder / "plan.json")
    plan = json.loads((farm.folder / "plan.json").read_text(encoding="utf-8"))
    changes = [one for one in plan["resource_changes"] if one["change"]["actions"] != ["no-op"]]
    documents = [one["document"] for one in plan["haplan"]["stages"]]
    return {"lines": len(changes), "commits": len(documents), "devices": len(set(documents))}


def complaints(plan: dict[str, int], turns: dict[str, list[Turn]], pairs: int) -> Iterator[str]:
    """What is not as it must be."""
    if plan != {"lines": 1, "commits": pairs, "devices": pairs}:
        yield f"the plan is {plan}, for {pairs} pairs"
    for client, done in turns.items():
        for one in done:
            if (one.commits, one.confirmations) != (pairs, pairs):
                yield f"{client}: {one.commits} commits, {one.confirmations} confirmations, for {pairs} pairs"
    if len({json.dumps(one.left) for done in turns.values() for one in done}) > 1:
        yield "the clients left different configurations"


def document(turns: dict[str, list[Turn]]) -> dict[str, Any]:
    """Each client's medians, and every turn."""

    def median(done: list[Turn]) -> dict[str, float]:
        found = {field: statistics.median(getattr(one.cost, field) for one in done) for field in bench.Cost._fields}
        found["simulator_cpu"] = statistics.median(one.served for one in done)
        return {name: round(figure, 3) for name, figure in found.items()}

    return {
        client: {
            "medians": median(done), "commits": done[0].commits, "confirmations": done[0].confirmations,
            "rpcs": done[0].rpcs, "all": [{**one.cost._asdict(), "simulator_cpu": one.served} for one in done],
        }
        for client, done in turns.items()
    }  # fmt: skip


def table(clients: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = ["| client | wall s | CPU s | memory MB | simulator CPU s | commits | confirmations | RPCs |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for client, found in clients.items():
        cost, asked = found["medians"], sum(found["rpcs"].values())
        figures = [f"{cost['wall']:.1f}", f"{cost['cpu']:.1f}", f"{cost['memory']:.0f}", f"{cost['simulator_cpu']:.1f}"]
        lines.append(
            "| " + " | ".join(map(str, (client, *figures, found["commits"], found["confirmations"], asked))) + " |"
        )
    return "\n".join(lines)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, help="at most 250")
    parser.add_argument("--parallelism", type=int, default=20, help="of both clients")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    given = parser.parse_args()
    missing = [name for name in ("nornir", "ncclient") if importlib.util.find_spec(name) is None]
    if missing:
        parser.error(f"pip install {' '.join(missing)}")
    about = bench.machine()
    turns: dict[str, list[Turn]] = {client: [] for client in CLIENTS}
    with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
        formed = Path(place) / "formed"
        formed.mkdir()
        farm = prepared(formed, given.pairs, given.parallelism)
        plan = planned(farm)
        for number in range(given.repeat):
            for client in CLIENTS:
                folder = Path(place) / f"{number} {client}"
                turns[client].append(turn(copied(farm, folder), client, given.parallelism))
                print(
                    f"{client}: {turns[client][-1].cost.wall:.1f} s ({number + 1} of {given.repeat})", file=sys.stderr
                )
    clients, wrong = document(turns), list(complaints(plan, turns, given.pairs))
    about |= {"load after": [round(one, 1) for one in os.getloadavg()]}
    print(f"{about}\n\n{given.pairs} pairs, {given.parallelism} at once; the plan: {plan}\n\n{table(clients)}")
    if given.out:
        whole = {"machine": about, "pairs": given.pairs, "parallelism": given.parallelism, "plan": plan,
                 "clients": clients, "complaints": wrong}  # fmt: skip
        given.out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    for line in wrong:
        print(f"WRONG: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
