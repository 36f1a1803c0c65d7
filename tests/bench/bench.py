"""What haplan costs: whole processes on stacks of `Data` resources, and the scriptable test provider beside them.

    python tests/bench/bench.py --sizes 2000,10000 --mem 2000 --latency --repeat 3 --out result.json
    python tests/bench/bench.py --sizes 2000 --terraform 2000      # the same graph as terraform_data, beside it

Run by hand, on a quiet machine. Wall is what a person waits; CPU (user and system, all threads) bears other work on the
machine better. Written counts what the kernel was given to write to disk, journal and logs included.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import bars

HERE = Path(__file__).resolve().parent
CHAIN, SHARED, STEP = 5, 100, 7919
"""Resources in a chain; a shared parent stands above so many; from one number of a label to the next, a prime."""
MEM_STEPS = ("validate", "plan new", "apply new", "plan same", "plan 1 %", "show json", "plan target", "apply 1 %",
             "destroy")  # fmt: skip
CACHE = Path(tempfile.gettempdir()) / "haplan-bench-bytecode"
"""Byte code is kept between the runs, as in an installation, and beside the sources it would be in the way."""

STACK = """from haplan import Data

SIZE, CHANGED = {size}, {changed}
TEXT = "Loopback, uplink and address plan of one store, as its owner wrote them down; long enough to weigh. " * 2


def made(number, parent):
    note = "changed" if number < CHANGED else "as it was"
    return Data(f"r{{number:06d}}", input={{"parent": parent.id, "number": number, "note": note, "text": TEXT[:150]}})


above = None
for at in range(SIZE):
    number = {step} * at % SIZE  # each once, in no order
    if at % {shared} == 0:
        shared = above = Data(f"p{{number:06d}}", input={{"number": number}})
    above = made(number, shared if at % {chain} == 0 else above)
"""


class Cost(NamedTuple):
    """What one process cost."""

    wall: float
    cpu: float
    memory: float
    written: float


def measured(command: Sequence[str], folder: Path, *, into: Path | None = None, codes: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end, and say what it cost: seconds, MB.

    Raises:
        SystemExit: It failed.
    """
    environ = {**os.environ, "CHECKPOINT_DISABLE": "1", "PYTHONPYCACHEPREFIX": str(CACHE)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with (into or Path(os.devnull)).open("wb") as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env=environ)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            err.seek(0)
            sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{err.read().decode()[-2000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, used.ru_oublock * 512 / 1e6)


# --- haplan -----------------------------------------------------------------------------------------------------------


def write_stack(folder: Path, size: int, changed: int = 0) -> None:
    """The stack of a size, the first resources of which may be changed."""
    text = STACK.format(size=size, changed=changed, shared=SHARED, chain=CHAIN, step=STEP)
    (folder / "stack.py").write_text(text, encoding="utf-8")


def haplan(folder: Path, size: int) -> Iterator[tuple[str, Cost]]:
    """Every step of the benchmark, once, each a process of its own."""
    program, shown = [sys.executable, "-m", "haplan"], folder / "plan.json"
    write_stack(folder, size)
    yield "validate", measured([*program, "validate"], folder)
    yield "plan new", measured([*program, "plan"], folder)
    yield "apply new", measured([*program, "apply", "--auto-approve"], folder)
    yield "plan same", measured([*program, "plan"], folder)
    write_stack(folder, size, size // 100)
    yield "plan 1 %", measured([*program, "plan", "--out", "one.plan"], folder)
    yield "show json", measured([*program, "show", "one.plan", "--format", "json"], folder, into=shown)
    yield "plan target", measured([*program, "plan", "--target", "record.r000000"], folder)
    yield "apply 1 %", measured([*program, "apply", "--auto-approve"], folder)
    keep_size(folder, folder / ".haplan/default/state.db")
    yield "destroy", measured([*program, "destroy", "--auto-approve"], folder)


def keep_size(folder: Path, state: Path) -> None:
    """Note how large the state is, before a destroy empties it."""
    (folder / "state.size").write_text(str(state.stat().st_size))


def sizes_of(folder: Path) -> dict[str, float]:
    """Sizes of what the steps left, in kB."""
    found = {"state": float((folder / "state.size").read_text())} if (folder / "state.size").exists() else {}
    for name, file in (("1 % plan", "one.plan"), ("1 % plan as JSON", "plan.json")):
        if (folder / file).exists():
            found[name] = (folder / file).stat().st_size
    return {name: round(size / 1e3, 1) for name, size in found.items()}


def small(folder: Path) -> Iterator[tuple[str, Cost]]:
    """What a person waits for on a small stack."""
    write_stack(folder, 4)
    measured([sys.executable, "-m", "haplan", "plan"], folder)  # byte code
    yield "--version", measured([sys.executable, "-m", "haplan", "--version"], folder)
    yield "plan of five", measured([sys.executable, "-m", "haplan", "plan"], folder)


def written(folder: Path, size: int) -> Iterator[tuple[str, Cost]]:
    """An apply of new resources in a fresh folder, for what it writes."""
    write_stack(folder, size)
    yield "apply new", measured([sys.executable, "-m", "haplan", "apply", "--auto-approve"], folder)
    keep_size(folder, folder / ".haplan/default/state.db")


# --- The test provider: one write a resource, its journal on ----------------------------------------------------------


def mem(folder: Path, size: int) -> Iterator[tuple[str, Cost]]:
    """The scriptable provider of `haplan.testing` without latency, each step as `mem.STEPS` has it."""
    program, shown = [sys.executable, str(HERE / "mem.py"), str(folder), str(size)], folder / "plan.json"
    for step in MEM_STEPS:
        yield step, measured([*program, step], folder, into=shown if step == "show json" else None)
        if step == "apply 1 %":
            keep_size(folder, folder / ".haplan/default/state.db")


def latency(folder: Path) -> Iterator[tuple[str, Cost]]:
    """199 resources whose writes take half a second each."""
    for parallelism in (10, 50):
        place = folder / str(parallelism)
        place.mkdir()
        command = [sys.executable, str(HERE / "mem.py"), str(place), "199", "apply new", str(parallelism)]
        yield f"199 of 0.5 s, {parallelism} at once", measured(command, place)


# --- Terraform --------------------------------------------------------------------------------------------------------


def write_terraform(folder: Path, size: int, changed: int = 0) -> None:
    """The same graph as ``terraform_data``."""
    text = ("Loopback, uplink and address plan of one store, as its owner wrote them down; long enough. " * 2)[:150]
    lines: list[str] = []
    shared = above = ""
    for at in range(size):
        number = STEP * at % size
        if at % SHARED == 0:
            shared = f"p{number:06d}"
            lines.append(f'resource "terraform_data" "{shared}" {{ input = {{ number = {number} }} }}')
        parent, above = shared if at % CHAIN == 0 else above, f"r{number:06d}"
        note = "changed" if number < changed else "as it was"
        lines.append(
            f'resource "terraform_data" "r{number:06d}" {{\n  input = {{ parent = terraform_data.{parent}.id, '
            f'number = {number}, note = "{note}", text = "{text}" }}\n}}'
        )
    (folder / "main.tf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def terraform(folder: Path, size: int) -> Iterator[tuple[str, Cost]]:
    """Every step that both have."""
    program, shown = ["terraform"], folder / "plan.json"
    write_terraform(folder, size)
    measured([*program, "init", "-no-color"], folder)
    yield "validate", measured([*program, "validate"], folder)
    yield "plan new", measured([*program, "plan", "-input=false"], folder)
    yield "apply new", measured([*program, "apply", "-auto-approve", "-input=false"], folder)
    yield "plan same", measured([*program, "plan", "-input=false"], folder)
    write_terraform(folder, size, size // 100)
    yield "plan 1 %", measured([*program, "plan", "-out=one.plan"], folder)
    yield "show json", measured([*program, "show", "-json", "one.plan"], folder, into=shown)
    yield "plan target", measured([*program, "plan", "-target=terraform_data.r000000"], folder)
    yield "apply 1 %", measured([*program, "apply", "-auto-approve", "-input=false"], folder)
    keep_size(folder, folder / "terraform.tfstate")
    yield "destroy", measured([*program, "destroy", "-auto-approve", "-input=false"], folder)


# --- Running, and telling ---------------------------------------------------------------------------------------------


class Bench:
    """The results so far: name → step → costs."""

    def __init__(self, repeat: int) -> None:
        self.repeat = repeat
        self.costs: dict[str, dict[str, list[Cost]]] = {}
        self.sizes: dict[str, dict[str, float]] = {}

    def run(self, name: str, steps: str, *arguments: int) -> None:
        """Run steps, by the name of their function, as often as asked, each time in a fresh folder."""
        for turn in range(self.repeat):
            with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
                for step, cost in globals()[steps](Path(place), *arguments):
                    self.costs.setdefault(name, {}).setdefault(step, []).append(cost)
                    print(f"{name}: {step}: {_words(cost)}" + f" ({turn + 1} of {self.repeat})", file=sys.stderr)
                self.sizes[name] = sizes_of(Path(place))

    def medians(self) -> dict[str, dict[str, dict[str, float]]]:
        """The median of each figure."""
        return {
            name: {step: {f: round(statistics.median(getattr(c, f) for c in costs), 3) for f in Cost._fields}
                   for step, costs in steps.items()}
            for name, steps in self.costs.items()
        }  # fmt: skip


def _words(cost: Cost) -> str:
    return f"{cost.wall:.2f} s, CPU {cost.cpu:.2f} s, {cost.memory:.0f} MB, wrote {cost.written:.1f} MB"


def machine() -> dict[str, object]:
    """Where it was measured, and how busy that was."""
    models = [one for one in Path("/proc/cpuinfo").read_text().splitlines() if one.startswith("model name")]
    processor = models[0].partition(": ")[2] if models else platform.processor()
    load = [round(one, 1) for one in os.getloadavg()]
    return {"processor": processor, "cores": os.cpu_count(), "python": platform.python_version(), "load": load}


def table(medians: dict[str, dict[str, dict[str, float]]], sizes: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    lines = ["| | step | wall s | CPU s | memory MB | written MB |", "|---|---|---|---|---|---|"]
    for name, steps in medians.items():
        for step, cost in steps.items():
            lines.append(f"| {name} | {step} | {cost['wall']:.2f} | {cost['cpu']:.2f} | {cost['memory']:.0f} | "
                         f"{cost['written']:.1f} |")  # fmt: skip
    lines += ["", "| | artefact | kB |", "|---|---|---|"]
    lines += [f"| {name} | {what} | {size:,.0f} |" for name, found in sizes.items() for what, size in found.items()]
    lines += ["", "| ceiling | at most | measured |", "|---|---|---|"]
    lines += [f"| {words} | {most} | {figure:.2f} |" for words, most, figure in bars.held(medians, sizes)]
    return "\n".join(lines)


def _ratios(medians: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """How many times as long Terraform takes, by size."""
    found: dict[str, dict[str, float]] = {}
    for name, steps in medians.items():
        ours = medians.get(name.removeprefix("terraform "), {}) if name.startswith("terraform ") else {}
        both = [step for step in steps if step in ours]
        found |= {name: {step: round(steps[step]["wall"] / ours[step]["wall"], 1) for step in both}} if both else {}
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,10000", help="of the stacks of Data resources")
    parser.add_argument("--mem", default="", help="sizes of the stacks of the test provider")
    parser.add_argument("--latency", action="store_true", help="199 resources of half a second each")
    parser.add_argument("--terraform", default="", help="sizes to run with terraform too; 10,000 take hours")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    given = parser.parse_args()
    bench = Bench(given.repeat)
    about = machine()
    bench.run("small", "small")
    bench.run("written 400", "written", 400)
    for steps, name, sizes in (("haplan", "", given.sizes), ("mem", "mem ", given.mem)):
        for size in filter(None, sizes.split(",")):
            bench.run(f"{name}{size}", steps, int(size))
    if given.latency:
        bench.run("latency", "latency")
    for size in filter(None, given.terraform.split(",")) if shutil.which("terraform") else ():
        bench.run(f"terraform {size}", "terraform", int(size))
    medians = bench.medians()
    print(f"{about}\n\n{table(medians, bench.sizes)}\n\n{json.dumps(_ratios(medians), indent=1)}")
    if given.out:
        raw = {
            name: {step: [c._asdict() for c in found] for step, found in s.items()} for name, s in bench.costs.items()
        }
        document = {
            "machine": about,
            "medians": medians,
            "sizes_kb": bench.sizes,
            "ratios": _ratios(medians),
            "ceilings": {words: [most, figure] for words, most, figure in bars.held(medians, bench.sizes)},
            "all": raw,
        }
        given.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
