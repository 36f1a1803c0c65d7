"""What SRX boxes that take a connection and say nothing cost a plan.

    python tests/bench/srx_silent.py --pairs 6 --rebooting 200 --repeat 3

Run by hand. Of so many simulated pairs, formed and configured, one is reached at ports where nobody answers: a plan
with it and one without. Beside it one look at many pairs none of which says a word, as a round of waiting for their
reboots is.
"""

import argparse
import json
import socket
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bench
import srx


@contextmanager
def mutes(count: int) -> Iterator[list[int]]:
    """Ports that take connections and say nothing."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=50)) for _ in range(count)]
        yield [one.getsockname()[1] for one in sockets]


def planned(farm: srx.Farm, into: Path) -> bench.Cost:
    """A plan as a whole process; of boxes that are new and not reached it says so, and is refused (exit 4)."""
    return bench.measured(srx.haplan("plan", "--json"), farm.folder, into=into, codes=(0, 4))


def hung(farm: srx.Farm, repeat: int) -> dict[str, list[bench.Cost]]:
    """Plans of all pairs, then with one that hangs."""
    found: dict[str, list[bench.Cost]] = {"all answer": [], "one hangs": []}
    with farm.served(), mutes(2) as ports:
        answering = farm.told["ports"]
        silent = {**answering, **dict(zip(srx.macs(1), ports, strict=True))}
        for _ in range(repeat):
            for what, where in (("all answer", answering), ("one hangs", silent)):
                farm.told["ports"] = where
                farm.write_stack("")
                found[what].append(planned(farm, farm.folder / "plan.json"))
    return found


def rebooting(folder: Path, pairs: int, repeat: int) -> list[bench.Cost]:
    """Looks at so many pairs that are all on their way up."""
    farm = srx.Farm(folder, pairs)
    with mutes(2 * pairs) as ports:
        names = [mac for number in range(1, pairs + 1) for mac in srx.macs(number)]
        farm.told = {"ports": dict(zip(names, ports, strict=True)), "known_hosts": str(folder / "known_hosts")}
        (folder / "known_hosts").touch()
        farm.write_stack("")
        return [planned(farm, folder / "plan.json") for _ in range(repeat)]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--rebooting", type=int, default=200, help="at most 250")
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    print(bench.machine())
    with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
        small, many = Path(place) / "small", Path(place) / "many"
        small.mkdir()
        many.mkdir()
        costs = hung(srx.prepared(small, given.pairs, 10), given.repeat)
        costs[f"{given.rebooting} pairs of which none answers"] = rebooting(many, given.rebooting, given.repeat)
    for what, found in costs.items():
        wall, cpu = (statistics.median(getattr(one, field) for one in found) for field in ("wall", "cpu"))
        print(json.dumps({"what": what, "wall": round(wall, 1), "cpu": round(cpu, 1), "runs": len(found)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
