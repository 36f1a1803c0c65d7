"""What an authority of many routers costs: a hub pair and N spoke pairs on a simulated conductor.

    python tests/bench/ssr.py 250 500 1000

Run by hand. CPU is of this process, simulator included: a plan reads its tree as JSON, an apply has it hold every
configuration against the vendor's model, twice a commit. Prints one line a step, and the CPU of a plan for each router.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session

STACK = """
from haplan import *
from haplan.design import *

provider("ssr", host="conductor.example.net", release="6.3.0")
org = Overlay("org")
store = Network("store", subnet="{{{{PFX}}}}.0/24", vlan_id={vlan}, advertise=org)
centre = Network("centre", subnet="10.255.0.0/24", advertise=org)
servers = Application("servers", addresses=["10.255.0.0/24"], protocols=["any"])
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
links = [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
hub = HubProfile("hub", overlay=org, interfaces=[
    wan("wan0", "ge-0/0/0", static("198.51.100.2/24", gateway="198.51.100.1")),
    wan("wan1", "ge-1/0/0", static("203.0.113.2/24", gateway="203.0.113.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{centre: "10.255.0.1/24"}}), *links])
Policy("in", profile=hub, networks=[store], action="allow", applications=[servers])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[hub.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[hub.endpoint("wan1")]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{store: "{{{{PFX}}}}.1/24"}}), *links])
over = Steering("over", template=edge, strategy="ecmp", paths=[hub.endpoint("wan0"), hub.endpoint("wan1")])
out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
Policy("to-servers", template=edge, networks=[store], action="allow", applications=[servers], steering=over)
Policy("internet", template=edge, networks=[store], action="allow", applications=[anything], steering=out)
Cluster("hub", site=Site("hub"), profile=hub, model="SSR120",
        nodes=[node("02ffffffff00", asset_id="H0"), node("02ffffffff01", asset_id="H1")])
for n in (7919 * at % {routers} for at in range({routers})):  # each once, in no order
    site = Site(f"s{{n}}", variables={{"PFX": f"10.{{n // 250}}.{{n % 250}}"}})
    Cluster(f"c{{n}}", site=site, template=edge, model="SSR120",
            nodes=[node(f"02{{n:08x}}00", asset_id=f"A{{n}}"), node(f"02{{n:08x}}01", asset_id=f"B{{n}}")])
"""


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(title: str, work: Callable[[], Any]) -> float:
    """Do it, say what it cost, give the CPU seconds."""
    began, used = time.perf_counter(), cpu()
    said = work()
    seconds = cpu() - used
    print(f"  {title:<24} {seconds:7.2f} s CPU  {time.perf_counter() - began:7.2f} s wall  {said}", flush=True)
    return seconds


def plan(folder: Path, *, apply: bool = False) -> str:
    """Plan, perhaps apply, and say what came of it."""
    with open_session(folder, Options(lab=True), environ={}) as session:
        made = engine.plan(session)
        calls = made.calls[0].made
        if apply:
            result = engine.apply(session, made)
            if result.exit_code:
                sys.exit(f"the apply ended with {result.exit_code}: {result.failed[:1]}")
    return f"{len(made.changes)} changes, {len(made.transactions)} commits, {calls} calls to plan"


def main(sizes: list[int]) -> None:
    for routers in sizes:
        print(f"{routers} routers")
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "stack.py").write_text(STACK.format(routers=routers, vlan=10))
            timed("plan, all new", lambda folder=folder: plan(folder))
            timed("apply, all new", lambda folder=folder: plan(folder, apply=True))
            same = timed("plan, no change", lambda folder=folder: plan(folder))
            (folder / "stack.py").write_text(STACK.format(routers=routers, vlan=11))
            timed("plan, one VLAN for all", lambda folder=folder: plan(folder))
        print(f"  {1000 * same / routers:.1f} ms CPU a router to plan without change")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100])
