"""Progress: lines for people that say something new, and JSON lines for machines."""

import io
import json
from datetime import UTC

from haplan.model.event import Event
from haplan.report.progress import Item, JsonLines, LiveProgress, PlainProgress

FORMING = [
    Event("refresh", 0.0, data={"state": "started", "resources": 3, "provider": "mist"}),
    Event("refresh", 0.5, data={"state": "done", "resources": 3, "provider": "mist", "calls": 1}),
    Event("run", 2.0, data={"state": "started", "run": "r1", "transactions": 2, "expected_seconds": 900}),
    Event("writing", 2.0, document="cluster:h1", data={"expected_seconds": 900}),
    Event("settling", 422.0, document="cluster:h1", text="7 of about 15 min: nodes rebooting"),
    Event("settling", 423.0, document="cluster:h1", text="7 of about 15 min: nodes rebooting"),
    Event("verified", 900.0, document="cluster:h1"),
    Event("recorded", 900.0, document="cluster:h1", data={"seconds": 898.0}),
    Event("failed", 901.0, document="cluster:h2", text="the pair did not form in 40 min"),
    Event("skipped", 901.0, document="cluster:s1", text="because cluster:h2 failed"),
    Event("run", 901.0, data={"state": "ended"}),
]


def test_a_line_for_each_change_of_text() -> None:
    out = io.StringIO()
    observer = PlainProgress(out, zone=UTC)
    for event in FORMING:
        observer(event)
    assert out.getvalue().splitlines() == [
        "00:00:00 reading 3 resources from mist",
        "00:00:00 read 3 resources with 1 call",
        "00:00:02 run r1: 2 transactions expected to take about 15 min",
        "00:00:02 cluster:h1: writing",
        "00:07:02 cluster:h1: 7 of about 15 min: nodes rebooting",
        "00:15:00 cluster:h1: done after 14 min 58 s",
        "00:15:01 cluster:h2: failed: the pair did not form in 40 min",
        "00:15:01 cluster:s1: skipped: because cluster:h2 failed",
    ]


def test_a_short_run_shows_nothing_but_what_went_wrong() -> None:
    out = io.StringIO()
    observer = PlainProgress(out, zone=UTC)
    for event in (
        Event("refresh", 0.0, data={"state": "started"}),
        Event("warning", 0.2, text="plugin x is broken"),
        Event("run", 0.9),
    ):
        observer(event)
    assert out.getvalue() == "00:00:00 warning: plugin x is broken\n"


def test_each_event_is_one_json_object_with_the_same_keys() -> None:
    out = io.StringIO()
    observer = JsonLines(out)
    for event in FORMING:
        observer(event)
    objects = [json.loads(row) for row in out.getvalue().splitlines()]
    assert {tuple(one) for one in objects} == {("at", "kind", "address", "document", "text", "data")}
    assert objects[4]["text"] == "7 of about 15 min: nodes rebooting"


def test_a_reader_that_goes_away_does_not_disturb_the_run() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    observer = JsonLines(Closed())
    observer(FORMING[0])
    observer(FORMING[1])


def test_a_live_table_shows_elapsed_and_expected_time_and_ends_before_the_summary() -> None:
    ticks = iter(float(n) for n in range(1000))
    out = io.StringIO()
    with LiveProgress(out, color=False, ticks=lambda: next(ticks)) as observer:
        for event in FORMING[:5]:
            observer(event)
        doing, table = observer._table().renderables
        assert str(doing) == "run r1: 2 transactions expected to take about 15 min"
        assert [str(cell) for column in table.columns for cell in column.cells] == [
            "cluster:h1",
            "7 of about 15 min: nodes rebooting",
        ]
        for event in FORMING[5:]:
            observer(event)
        assert not observer._live.is_started
    assert "cluster:h2: failed: the pair did not form in 40 min" in out.getvalue()


def test_the_clock_of_an_item_says_how_far_it_is() -> None:
    assert Item("cluster:h1", 0.0, 900.0).clock(420.0) == "7 of about 15 min"
    assert Item("site:a", 0.0).clock(1.5) == "1.5 s"
