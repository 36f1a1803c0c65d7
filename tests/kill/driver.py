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
from haplan.testing.cloud_process import CloudProcess
from haplan.testing.fail_points import KILL_AT, KillableProject
from tests.kill.chapters import CHAPTERS, Chapter


def main() -> None:
    folder, name, first, step, parallelism = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    with CloudProcess(folder / "cloud") as address:
        Driver(folder, CHAPTERS[name], address, parallelism).run(first, step)


class Driver:
    """Kills, runs again and compares, one fail point after the other.

    Args:
        folder: Where victims live.
        chapter: What they apply.
        address: Of the cloud, which is a process of its own.
        parallelism: How many writes they have under way at most.
    """

    def __init__(self, folder: Path, chapter: Chapter, address: Path, parallelism: int) -> None:
        self.folder, self.chapter, self.address, self.parallelism = folder, chapter, address, parallelism
        self.killed, self.takeovers = 0, 0
        self.wrong: list[str] = []

    def run(self, first: int, step: int) -> None:
        with self.project(self.folder / "template", self.chapter.before) as project:
            if self.chapter.before:
                assert project.apply().exit_code == 0
            before = project.estate.look()
        number = first
        while self.converges(number, before):
            number += step
        found = {"killed": self.killed, "wrong": self.wrong, "takeovers": self.takeovers}
        print(json.dumps({**found, **self.whole(before)}))

    def project(self, place: Path, text: str) -> KillableProject:
        project = KillableProject(place, text, self.address)
        project.cloud.seconds.update(self.chapter.seconds)
        return project

    def converges(self, number: int, before: Any) -> bool:
        """Kill at one fail point, and look what the next run makes of it. False if there is no such point."""
        place = self.copied(str(number), before)
        died = self.died(place, number)
        if died:
            self.killed += 1
            said = self.after(place)
            self.takeovers += said.pop("takeover")
            self.wrong += [f"killed at fail point {number}: {key}: {value}" for key, value in said.items() if value]
        shutil.rmtree(place)
        return died

    def copied(self, name: str, before: Any) -> Path:
        """The template once more, estate and all."""
        place = self.folder / name
        shutil.copytree(self.folder / "template", place)
        with self.project(place, self.chapter.text) as project:
            project.estate.ask("fill", kept=before)
        return place

    def died(self, place: Path, number: int) -> bool:
        """Apply in a process of its own that is killed at a fail point. False if it lived to its end."""
        child = os.fork()
        if child == 0:
            os.environ[KILL_AT] = str(number)
            with self.project(place, self.chapter.text) as project:
                code = project.apply(parallelism=self.parallelism).exit_code
            os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL), status
        return status != 0

    def after(self, place: Path) -> dict[str, Any]:
        """What the next run makes of it: empty where all is well."""
        with self.project(place, self.chapter.text) as project:
            with project.session() as session:
                left = session.backend.holder()
            try:
                code = project.apply(parallelism=self.parallelism).exit_code
                left_over = [f"{change.address} {change.why}" for change in project.plan().changes]
                return {
                    "takeover": left is not None,
                    "exit code": code,
                    "left to do": left_over,
                    **compared(project, self.chapter),
                }
            except HaplanError as error:
                return {"takeover": left is not None, "refused": str(error)}

    def whole(self, before: Any) -> dict[str, Any]:
        """A run that nobody kills: its fail points, announced writes and transactions."""
        with self.project(self.copied("whole", before), self.chapter.text) as project:
            plan = project.plan()
            writes = project.apply(plan, parallelism=1).writes
            return {"points": project.points.passed, "writes": writes, "transactions": len(plan.transactions)}


def compared(project: KillableProject, chapter: Chapter) -> dict[str, Any]:
    project.estate.look()
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


if __name__ == "__main__":
    main()
