"""Kills an apply at one fail point after the other, and says what was wrong after the next run.

    python driver.py FOLDER CHAPTER FIRST STEP PARALLELISM

Each victim is a fork of this process, with the number of its fail point in the environment. JSON comes out:
how often it killed, the fail points of a whole run, and what did not converge.
"""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from haplan.errors import HaplanError
from haplan.testing.fail_points import KILL_AT, KillableProject
from tests.kill.chapters import CHAPTERS, Chapter


def main() -> None:
    folder, name, first, step, parallelism = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    chapter = CHAPTERS[name]
    template = folder / f"template-{first}"
    if chapter.before:
        with KillableProject(template, chapter.before) as project:
            prepare(project, chapter)
            assert project.apply().exit_code == 0
    template.mkdir(exist_ok=True)
    killed, wrong, takeovers = 0, [], 0
    number = first
    while True:
        place = folder / f"{first}-{number}"
        shutil.copytree(template, place)
        if not died(place, chapter, number, parallelism):
            shutil.rmtree(place)
            break
        killed += 1
        said = after(place, chapter, parallelism)
        takeovers += said.pop("takeover")
        wrong += [f"killed at fail point {number}: {key}: {value}" for key, value in said.items() if value]
        shutil.rmtree(place)
        number += step
    print(json.dumps({"killed": killed, "wrong": wrong, "takeovers": takeovers, "points": whole(folder, chapter)}))


def prepare(project: KillableProject, chapter: Chapter) -> None:
    project.cloud.seconds.update(chapter.seconds)


def died(place: Path, chapter: Chapter, number: int, parallelism: int) -> bool:
    """Apply in a process of its own that is killed at a fail point. False if it lived to its end."""
    child = os.fork()
    if child == 0:
        os.environ[KILL_AT] = str(number)
        with KillableProject(place, chapter.text) as project:
            prepare(project, chapter)
            code = project.apply(parallelism=parallelism).exit_code
        os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def after(place: Path, chapter: Chapter, parallelism: int) -> dict[str, Any]:
    """What the next run makes of it: empty where all is well."""
    with KillableProject(place, chapter.text) as project:
        prepare(project, chapter)
        with project.session() as session:
            left = session.backend.holder()
        try:
            code = project.apply(parallelism=parallelism).exit_code
            left_over = [f"{change.address} {change.reason}" for change in project.plan().changes]
            return {
                "takeover": left is not None,
                "exit code": code,
                "left to do": left_over,
                **compared(project, chapter),
            }
        except HaplanError as error:
            return {"takeover": left is not None, "refused": str(error)}


def compared(project: KillableProject, chapter: Chapter) -> dict[str, Any]:
    cloud, state = project.cloud, project.state()
    count, wanted = Counter(cloud.names()), chapter.wanted
    made = {one.name: one.values.get("size") for one in cloud.objects.values()}
    return {
        "doubled": sorted(name for name, times in count.items() if times > 1),
        "lost": sorted(wanted.keys() - count.keys()),
        "not deleted": sorted(count.keys() - wanted.keys()),
        "values": {name: made[name] for name in wanted if name in made and made[name] != wanted[name]},
        "forgotten": sorted(set(cloud.objects) ^ {row.id for row in state.rows.values()}),
        "open intents": [intent.address for intent in state.intents],
        "status": {row.address: row.status for row in state.rows.values() if row.status != "ok"},
        "order": [names for names in cloud.sequences.values() if names != chapter.order],
    }


def session_holder(project: KillableProject) -> Any:
    with project.session() as session:
        return session.backend.holder()


def whole(folder: Path, chapter: Chapter) -> list[str]:
    """The fail points of a run that nobody kills."""
    os.environ.pop(KILL_AT, None)
    with KillableProject(folder / "whole", chapter.before or chapter.text) as project:
        prepare(project, chapter)
        project.apply(parallelism=1)
        if chapter.before:
            project.points.passed.clear()
            project.write(chapter.text).apply(parallelism=1)
        return project.points.passed


if __name__ == "__main__":
    main()
