"""What a plan without change costs for many pairs: the same estate behind a conductor and in the Mist cloud, simulated.

    python tests/bench/farm.py 250 1000

Run by hand. Each plan is a process of its own. CPU is that of the threads that plan, without those of the simulator;
peak memory has the simulator's in it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session

PROVIDERS = {"ssr": 'provider("ssr", host="conductor.example.net", release="6.3.0")', "mist": 'provider("mist")'}
STACK = """
from haplan import *
from haplan.design import *

{provider}
org = Overlay("org")
store = Network("store", subnet="{{{{PFX}}}}.0/24", vlan_id=10, advertise=org)
centre = Network("centre", subnet="10.255.0.0/24", advertise=org)
servers = Application("servers", addresses=["10.255.0.0/24"], protocols=["any"])
anything = Application("everything", addresses=["0.0.0.0/0"], protocols=["any"])
links = [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
hub = HubProfile("hub", overlay=org, ntp_servers=["192.0.2.123"], interfaces=[
    wan("wan0", "ge-0/0/0", static("198.51.100.2/24", gateway="198.51.100.1")),
    wan("wan1", "ge-1/0/0", static("203.0.113.2/24", gateway="203.0.113.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{centre: "10.255.0.1/24"}}), *links])
Policy("in", profile=hub, networks=[store], action="allow", applications=[servers])
edge = WanEdgeTemplate("edge", ntp_servers=["192.0.2.123"], interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[hub.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[hub.endpoint("wan1")]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{store: "{{{{PFX}}}}.1/24"}}), *links])
over = Steering("over", template=edge, strategy="ecmp", paths=[hub.endpoint("wan0"), hub.endpoint("wan1")])
out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
Policy("to-servers", template=edge, networks=[store], action="allow", applications=[servers], steering=over)
Policy("internet", template=edge, networks=[store], action="allow", applications=[anything], steering=out)
Cluster("hub", site=Site("hub", address="1 Main St"), profile=hub, model="SSR120",
        nodes=[node("02ffffffff00"{asset}), node("02ffffffff01"{asset2})])
for n in (7919 * at % {pairs} for at in range({pairs})):  # each once, in no order
    site = Site(f"s{{n}}", address="1 Main St", variables={{"PFX": f"10.{{n // 250}}.{{n % 250}}"}})
    Cluster(f"c{{n}}", site=site, template=edge, model="SSR120",
            nodes=[node(f"02{{n:08x}}00"{assets}), node(f"02{{n:08x}}01"{assets2})])
"""
OF_SIMULATORS = ("AnyIO worker", "asyncio_", "haplan-lab", "lab", "Thread-")
"""How the names of threads begin that serve, not plan."""


def write_stack(folder: Path, provider: str, pairs: int) -> None:
    """The estate of a size, as one provider takes it."""
    ids = {"asset": ', asset_id="H0"', "asset2": ', asset_id="H1"',
           "assets": ', asset_id=f"A{n}"', "assets2": ', asset_id=f"B{n}"'}  # fmt: skip
    given = ids if provider == "ssr" else dict.fromkeys(ids, "")
    text = STACK.format(provider=PROVIDERS[provider], pairs=pairs, **given)
    (folder / "stack.py").write_text(text)


def of_thread(thread: threading.Thread) -> float:
    """CPU seconds of a thread."""
    try:
        fields = Path(f"/proc/self/task/{thread.native_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def step(folder: Path, *, apply: bool) -> dict[str, float]:
    """Plan, perhaps apply, and what it cost."""
    began = time.process_time()
    with open_session(folder, Options(lab=True), environ={}) as session:
        made = engine.plan(session)
        if apply:
            result = engine.apply(session, made)
            if result.exit_code:
                sys.exit(f"the apply ended with {result.exit_code}: {result.failed[:1]}")
        elif made.changes:
            sys.exit(f"{len(made.changes)} changes: {made.changes[0]}")
        cpu = {thread.name: of_thread(thread) for thread in threading.enumerate()}
    serving = sum(seconds for name, seconds in cpu.items() if name.startswith(OF_SIMULATORS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": time.process_time() - began - serving, "simulator": serving, "MB": peak}


def process(folder: Path, *words: str) -> dict[str, float]:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, __file__, str(folder), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(sizes: list[int]) -> None:
    for pairs in sizes:
        cost = {}
        for provider in PROVIDERS:
            with tempfile.TemporaryDirectory() as place:
                write_stack(Path(place), provider, pairs)
                process(Path(place), "apply")
                cost[provider] = process(Path(place), "plan")
                said = "  ".join(f"{name} {value:.2f}" for name, value in cost[provider].items())
                print(f"{pairs:6} pairs  {provider:5} plan, no change: {said}", flush=True)
        print(f"{pairs:6} pairs  ssr / mist, CPU: {cost['ssr']['cpu'] / cost['mist']['cpu']:.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[-1] in ("plan", "apply"):
        json.dump(step(Path(sys.argv[1]), apply=sys.argv[-1] == "apply"), sys.stdout)
    else:
        main([int(word) for word in sys.argv[1:]] or [250])
