"""One step of the benchmark with the test provider, in a process of its own: ``mem.py FOLDER SIZE STEP [PARALLELISM]``.

The estate is kept in a file between the steps, written once at the end: what it costs is not what is measured.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from haplan import api, engine
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Cloud, Project

STACK = """
above = None
for number in range({size}):
    tags = {{"above": above.id}} if above is not None and number % 5 else {{}}
    note = "changed" if number < {changed} else "as its owner wrote it down"
    above = Thing(f"t{{7919 * number % {size}:06d}}", size=number, tags={{**tags, "text": f"{{note}}; " * 5}})
"""
LATENCY = """
for number in (7919 * at % {size} for at in range({size})):  # each once, in no order
    Thing(f"t{{number:03d}}", size=number)
"""


def validate(project: Project) -> None:
    """Load and check the stack."""
    with project.session() as session:
        engine.validate(session)


def plan(project: Project, **options: tuple[str, ...]) -> None:
    """Plan, and print it as a person reads it."""
    sys.stdout.write(plain(plan_lines(project.plan(**options))))


def write_plan(project: Project) -> None:
    """Plan into a file."""
    with project.session() as session:
        engine.write_plan(session, engine.plan(session), project.folder / "one.plan")


def show_json(project: Project) -> None:
    """Read that file, and print it as JSON."""
    json.dump(api.read_plan(project.folder / "one.plan").json(plugins=project.plugins()), sys.stdout)


def apply(project: Project, **options: bool | int) -> None:
    """Plan and carry it out, ten writes at once as the command does."""
    result = project.apply(**{"parallelism": 10, **options})
    assert result.exit_code == 0, result


STEPS: dict[str, tuple[bool, Callable[[Project], None]]] = {
    "validate": (False, validate),
    "plan new": (False, plan),
    "apply new": (False, apply),
    "plan same": (False, plan),
    "plan 1 %": (True, write_plan),
    "show json": (True, show_json),
    "plan target": (True, lambda project: plan(project, targets=("mem_thing.t000000",))),
    "apply 1 %": (True, apply),
    "destroy": (True, lambda project: apply(project, destroy=True)),
}
"""Step → whether 1 % of the stack is changed, and what is done."""


def latency(project: Project, parallelism: int) -> None:
    """Each write takes half a second, and no resource waits for another."""
    project.cloud.during = lambda document, name: time.sleep(0.5)
    apply(project, parallelism=parallelism)


def main(folder: Path, size: int, step: str, parallelism: int) -> None:
    """Carry out one step; with a parallelism the one of `latency`."""
    file = folder / "cloud.json"
    cloud = Cloud(file)
    cloud._file = None
    if parallelism:
        latency(Project(folder, LATENCY.format(size=size), cloud=cloud), parallelism)
        return
    changed, act = STEPS[step]
    act(Project(folder, STACK.format(size=size, changed=size // 100 if changed else 0), cloud=cloud))
    file.write_text(json.dumps(cloud.kept()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int((*sys.argv, 0)[4]))
