"""A program that plans and applies: what the published interface takes and gives, for the type checker."""

import threading
from collections.abc import Sequence
from pathlib import Path

from haplan import api


def told(event: api.Event) -> None:
    print(event.kind, event.text)


def roll_out(folder: Path, sites: Sequence[str]) -> int:
    stop = threading.Event()
    plan: api.Plan = api.plan(
        folder,
        env="shop",
        variables={"size": 3, "names": ["x", "y"]},
        targets=[f"site.{name}" for name in sites],
        refresh=False,
        on_event=told,
        environ={"TOKEN": "x"},
    )
    if plan.refused or plan.empty:
        return 0
    digest: str = plan.write(folder / "shop.plan")
    found = api.read_plan(folder / "shop.plan")
    assert found.digest == digest
    try:
        result: api.Result = api.apply(found, stop=stop, on_event=[told], parallelism=4, lock_timeout=1.5)
    except api.Stale as error:
        return error.exit_code
    except api.HaplanError as error:
        return error.exit_code
    done: list[str] = [one.address for one in result.done]
    return len(done) and result.exit_code


def look(folder: Path) -> dict[str, object]:
    findings: tuple[api.Finding, ...] = api.validate(folder).findings
    drifted: tuple[api.Drift, ...] = api.drift(folder, lab=True).drift
    with api.session(folder, lab=True, log=folder / "log.txt") as opened:
        changes: tuple[api.Change, ...] = opened.plan(destroy=True).changes
        back: api.Plan = opened.rollback("2026-11-30-1", excludes=["site.*"])
        resumed: api.Result = opened.resume("2026-11-30-2", on_event=told)
        state: api.State = opened.state.read()
        runs: tuple[api.Run, ...] = opened.state.runs()
        moved: api.Mended = opened.state.move("site.a", "site.b")
    return {
        "findings": [one.rule for one in findings],
        "drift": [one.who for one in drifted],
        "changes": [one.action is api.Action.DELETE for one in changes],
        "json": back.json(),
        "exit": resumed.exit_code,
        "rows": len(state.rows),
        "runs": [one.id for one in runs],
        "moved": moved.run.id,
    }
