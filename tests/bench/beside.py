"""What haplan costs before and after a change, beside each other: two installed checkouts that take turns.

    python tests/bench/beside.py BEFORE/bin/python AFTER/bin/python --sizes 10000,100000 --rounds 3 --out result.json

Both plan and apply the same stack, each with a state that it made itself. What else runs on a machine makes CPU seconds
longer, never shorter: of each step the least of all rounds counts, and the rounds alternate so that both meet the same
machine.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import Cost, machine, measured, write_stack

STEPS = ("validate", "plan same", "plan 1 %", "show one", "output", "runs", "apply new")
Costs = dict[str, dict[str, list[Cost]]]


def steps(python: str, folder: Path, size: int, *, apply: bool) -> Iterator[tuple[str, Cost]]:
    """What is looked at in each round; the apply of all that is new in a folder of its own."""
    program = [python, "-m", "haplan"]
    yield "validate", measured([*program, "validate"], folder)
    yield "plan same", measured([*program, "plan"], folder)
    write_stack(folder, size, size // 100)
    yield "plan 1 %", measured([*program, "plan"], folder)
    write_stack(folder, size)
    yield "show one", measured([*program, "state", "show", f"record.r{size // 2:06d}"], folder)
    yield "output", measured([*program, "output"], folder)
    yield "runs", measured([*program, "runs"], folder)
    if apply:
        with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
            write_stack(Path(place), size)
            yield "apply new", measured([*program, "apply", "--auto-approve"], Path(place))


def compared(pythons: dict[str, str], size: int, rounds: int, *, apply: bool) -> Costs:
    """Step → side → what each round cost."""
    found: Costs = {}
    with tempfile.TemporaryDirectory(prefix="haplan-bench-") as place:
        folders = {side: Path(place) / side for side in pythons}
        for side, python in pythons.items():
            folders[side].mkdir()
            write_stack(folders[side], size)
            measured([python, "-m", "haplan", "apply", "--auto-approve"], folders[side])
        for _ in range(rounds):
            for side, python in pythons.items():
                for step, cost in steps(python, folders[side], size, apply=apply):
                    found.setdefault(step, {}).setdefault(side, []).append(cost)
    return found


def least(costs: Costs) -> dict[str, dict[str, float]]:
    """Step → CPU seconds and peak memory before and after, and the ratio of the first."""
    rows = {}
    for step, sides in costs.items():
        before, after = (min(cost.cpu for cost in sides[side]) for side in ("before", "after"))
        memory = {side: round(min(cost.memory for cost in found)) for side, found in sides.items()}
        rows[step] = {
            "before": round(before, 2), "after": round(after, 2), "ratio": round(after / before, 2),
            "MB before": memory["before"], "MB after": memory["after"],
        }  # fmt: skip
    return rows


def table(size: int, rows: dict[str, dict[str, float]]) -> str:
    """As Markdown."""
    head = [
        f"| {size:,} | before, CPU s | after, CPU s | ratio | before, MB | after, MB |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(
        [*head, *(f"| {step} | {' | '.join(str(one) for one in row.values())} |" for step, row in rows.items())]
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="the Python in whose environment the old haplan is installed")
    parser.add_argument("after", help="that of the new one")
    parser.add_argument("--sizes", default="10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-apply", action="store_true", help="without the apply of all that is new")
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    given = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in given.sizes.split(","):
        costs = compared(
            {side: os.path.abspath(one) for side, one in (("before", given.before), ("after", given.after))},
            int(size),
            given.rounds,
            apply=not given.no_apply,
        )
        results[size] = least(costs)
        print(table(int(size), results[size]), flush=True)
    if given.out:
        given.out.write_text(json.dumps({"machine": machine(), "least": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
