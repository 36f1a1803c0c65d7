"""What the checks find after a write is an event: observers, the record of the run and the result have it."""

import json
from collections.abc import Iterable
from pathlib import Path

from haplan.contracts import CheckView
from haplan.hookspecs import hookimpl
from haplan.model.finding import Finding, Rule
from haplan.report.documents import result_json
from haplan.report.lines import plain
from haplan.report.result import result_lines
from haplan.testing import Project
from tests.a_rule import a_rule


class Checks:
    """A rule that looks at what was written."""

    haplan_api = 2

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        def check(view: CheckView) -> Iterable[Finding]:
            for part in view.task.parts:
                yield Finding(
                    rule="X001",
                    severity="warning",
                    address=part.change.address,
                    message="it answers slowly",
                    hint="look at its fan",
                )

        return [a_rule("X001", "C", check, severity="warning", types=("mem_thing",))]


def test_what_a_check_finds_after_a_write_is_told_recorded_and_summed_up(tmp_path: Path) -> None:
    made = Project(tmp_path / "shop", 'Thing("a")', more=[Checks()])
    result = made.apply()
    assert result.exit_code == 0
    (told,) = [event for event in made.events if event.kind == "finding"]
    assert (told.address, told.document, told.text) == (
        "mem_thing.a",
        "thing:a",
        "X001: it answers slowly; look at its fan",
    )
    assert told.data["severity"] == "warning"
    record = made.folder / ".haplan" / "default" / "runs" / result.run
    kept = [json.loads(line) for line in (record / "events.jsonl").read_text().splitlines()]
    assert [one["text"] for one in kept if one["kind"] == "finding"] == [told.text]
    assert json.loads((record / "result.json").read_text())["findings"][0]["message"] == "it answers slowly"
    assert result_json(result)["findings"][0]["rule"] == "X001"
    assert "warning X001  mem_thing.a: it answers slowly" in plain(result_lines(result))
