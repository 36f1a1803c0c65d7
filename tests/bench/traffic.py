"""What it costs to work out who reaches what: many sites of one template, and many policies for many applications.

    python tests/bench/traffic.py 1000 10000 --policies 50 200

Run by hand. Each command is a process of its own; `validate` asks the rules too that look through the model of traffic.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from farm import write_stack

POLICIES = """
from haplan import provider
from haplan.design import *

provider("mist")
step, count = 7919, {count}
lans = [Network(f"n{{step * at % 20}}", subnet=f"10.{{step * at % 20}}.0.0/24", vlan_id=10 + step * at % 20)
        for at in range(20)]
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{one: f"{{one.subnet.removesuffix('0/24')}}1/24" for one in lans}}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")])
out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
for at in (step * at % count for at in range(count)):
    app = Application(f"a{{at}}", addresses=[f"172.{{16 + at // 250}}.{{at % 250}}.0/24"], protocols=["tcp/443"])
    Policy(f"p{{at}}", template=edge, networks=[lans[at % 20]], applications=[app], action="allow", steering=out)
Cluster("c", site=Site("s"), template=edge, model="SSR120", nodes=["02005e100a10", "02005e100a11"])
"""


def cost(folder: Path, command: str) -> tuple[float, float, int]:
    """CPU seconds, peak memory in MB and exit code of one command."""
    process = subprocess.Popen([sys.executable, "-m", "haplan", command, str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main() -> None:
    """Measure each size, and print a table."""
    taking = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    taking.add_argument("sites", type=int, nargs="*", default=[1000])
    taking.add_argument("--policies", type=int, nargs="*", default=[])
    given = taking.parse_args()
    sizes = [*(("sites", one) for one in given.sites), *(("policies", one) for one in given.policies)]
    print("| what | command | CPU s | MB | exit code |\n|---|---|---|---|---|")
    for kind, size in sizes:
        with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
            if kind == "sites":
                write_stack(Path(place), "mist", size)
            else:
                (Path(place) / "stack.py").write_text(POLICIES.format(count=size))
            for command in ("validate", "traffic"):
                seconds, memory, code = cost(Path(place), command)
                print(f"| {size:,} {kind} | {command} | {seconds:.2f} | {memory:.0f} | {code} |", flush=True)


if __name__ == "__main__":
    main()
