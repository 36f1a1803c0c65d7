"""Progress: lines for people that say something new, and JSON lines for machines."""

import io
import json
from datetime import UTC

from haplan.model.event import Event
from haplan.report.progress import JsonLines, LiveProgress, PlainProgress
from haplan.report.under_way import Item

REBOOTING = {"doing": "nodes rebooting"}
FORMING = [
    Event(kind="refresh", at=0.0, data={"state": "started", "resources": 3, "provider": "mist"}),
    Event(kind="refresh", at=0.5, data={"state": "done", "resources": 3, "provider": "mist", "calls": 1}),
    Event(kind="run", at=2.0, data={"state": "started", "run": "r1", "transactions": 2, "expected_seconds": 900}),
    Event(kind="writing", at=2.0, document="cluster:h1", data={"expected_seconds": 900}),
    Event(kind="settling", at=422.0, document="cluster:h1", text="7 of about 15 min: nodes rebooting", data=REBOOTING),
    Event(kind="settling", at=423.0, document="cluster:h1", text="7 of about 15 min: nodes rebooting", data=REBOOTING),
    Event(kind="verified", at=900.0, document="cluster:h1"),
    Event(kind="recorded", at=900.0, document="cluster:h1", data={"seconds": 898.0}),
    Event(kind="failed", at=901.0, document="cluster:h2", text="the pair did not form in 40 min"),
    Event(kind="skipped", at=901.0, document="cluster:s1", text="because cluster:h2 failed"),
    Event(kind="run", at=901.0, data={"state": "ended"}),
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


def quick(number: int) -> list[Event]:
    """A run of 4,000 writes of 10 ms each, up to one."""
    first = Event(kind="run", at=0.0, data={"state": "started", "run": "r1", "transactions": 4000})
    return [
        first,
        *(Event(kind="recorded", at=n / 100, document=f"thing:{n}", data={"seconds": 0.01}) for n in range(number)),
    ]


def test_quick_writes_are_counted_not_listed() -> None:
    out = io.StringIO()
    observer = PlainProgress(out, zone=UTC)
    for event in quick(2500):
        observer(event)
    assert out.getvalue().splitlines() == [
        "00:00:00 run r1: 4000 transactions expected to take under a minute",
        "00:00:10 1001 of 4000 transactions done",
        "00:00:20 2001 of 4000 transactions done",
    ]
    out = io.StringIO()
    ticks = iter(float(n) for n in range(10_000))
    with LiveProgress(out, color=False, ticks=lambda: next(ticks)) as live:
        for event in quick(500):
            live(event)
        assert str(live._table().renderables[0]).startswith("run r1: 500 of 4000 transactions done, ")
    assert "done\n" not in out.getvalue().replace("transactions done", "")


class Ticks:
    """Real time as a test says it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_under_way_is_told_though_nothing_else_happens() -> None:
    out, ticks = io.StringIO(), Ticks()
    observer = PlainProgress(out, zone=UTC, ticks=ticks)
    observer(Event(kind="phase", at=0.0, text="loading edge"))
    ticks.now = 1.9
    observer.tick()
    assert out.getvalue() == ""
    ticks.now = 2.0
    observer.tick()
    assert out.getvalue() == "00:00:00 loading edge\n"
    observer(Event(kind="phase", at=0.1, text="comparing 9 resources"))
    assert out.getvalue().splitlines()[1:] == ["00:00:00 comparing 9 resources"]


def test_nobody_waits_longer_than_ten_seconds_for_a_word() -> None:
    out, ticks = io.StringIO(), Ticks()
    observer = PlainProgress(out, zone=UTC, ticks=ticks)

    def after(seconds: float) -> list[str]:
        before = out.getvalue()
        for _ in range(round(seconds)):
            ticks.now += 1.0
            observer.tick()
        return out.getvalue().removeprefix(before).splitlines()

    observer(Event(kind="phase", at=0.0, text="loading edge"))
    assert after(22) == [
        "00:00:00 loading edge",
        "00:00:12 still loading edge, 12.0 s",
        "00:00:22 still loading edge, 22.0 s",
    ]
    observer(Event(kind="run", at=30.0, data={"state": "started", "run": "r1", "transactions": 5}))
    for number in range(5):
        observer(Event(kind="writing", at=30.0, document=f"device:c{number}", data={"expected_seconds": 0}))
    observer(Event(kind="recorded", at=30.1, document="device:c0", data={"seconds": 0.1}))
    assert after(11) == [
        "00:00:40 still run r1: 1 of 5 transactions done, 10.1 s; device:c1: 10.1 s: writing; "
        "device:c2: 10.1 s: writing; device:c3: 10.1 s: writing; and 1 more"
    ]
    observer(Event(kind="run", at=60.0, data={"state": "ended", "run": "r1"}))
    assert after(30) == []


def test_the_one_that_looks_ends_with_the_progress() -> None:
    with PlainProgress(io.StringIO(), zone=UTC) as observer:
        assert observer._thread.is_alive()
    observer._thread.join(10)
    assert not observer._thread.is_alive()


def test_nothing_is_told_of_what_was_quick() -> None:
    out = io.StringIO()
    with PlainProgress(out, zone=UTC) as observer:
        observer(Event(kind="phase", at=0.0, text="loading edge"))
    assert out.getvalue() == ""


def test_on_simulators_all_lines_are_of_one_clock_and_what_is_told_before_has_no_time() -> None:
    out, real = io.StringIO(), [0.0]
    observer = PlainProgress(out, zone=UTC, ticks=lambda: real[0], simulated=True)
    observer(Event(kind="phase", at=10.0, text="loading edge"))
    real[0] = 2.5
    observer.tick()
    observer(Event(kind="refresh", at=7200.0, data={"state": "started"}))
    observer(Event(kind="phase", at=7201.0, text="comparing 7 resources"))
    assert out.getvalue() == "loading edge\n02:00:00 reading from the estate\n02:00:01 comparing 7 resources\n"


def test_another_clock_of_the_simulators_makes_no_quick_run_a_long_one() -> None:
    out = io.StringIO()
    observer = PlainProgress(out, zone=UTC, simulated=True)
    observer(Event(kind="phase", at=10.0, text="loading edge"))
    observer(Event(kind="refresh", at=7200.0, data={"state": "started"}))
    assert out.getvalue() == ""


def test_a_live_line_says_what_is_under_way_with_its_time() -> None:
    ticks = iter(float(n) for n in range(1000))
    with LiveProgress(io.StringIO(), color=False, ticks=lambda: next(ticks)) as observer:
        observer(Event(kind="phase", at=0.0, text="loading edge"))
        assert str(observer._table().renderables[0]).startswith("loading edge, ")
        observer(Event(kind="phase", at=5.0, text="waiting for the lock: ana has it", data={"expected_seconds": 120.0}))
        assert str(observer._table().renderables[0]) == "waiting for the lock: ana has it, 0 of about 2 min"


def test_a_short_run_shows_nothing_but_what_went_wrong() -> None:
    out = io.StringIO()
    observer = PlainProgress(out, zone=UTC)
    for event in (
        Event(kind="refresh", at=0.0, data={"state": "started"}),
        Event(kind="warning", at=0.2, text="plugin x is broken"),
        Event(kind="run", at=0.9),
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
        assert str(doing) == "run r1: 0 of 2 transactions done, 7 of about 15 min"
        assert [str(cell) for column in table.columns for cell in column.cells] == [
            "cluster:h1",
            "7 of about 15 min: nodes rebooting",
        ]
        for event in FORMING[5:10]:
            observer(event)
        assert str(observer._table().renderables[0]) == "run r1: 3 of 2 transactions done, 15 of about 15 min"
        observer(FORMING[10])
        assert not observer._live.is_started
    assert "cluster:h2: failed: the pair did not form in 40 min" in out.getvalue()


def test_the_clock_of_an_item_says_how_far_it_is() -> None:
    assert Item(name="cluster:h1", started=0.0, expected=900.0).clock(420.0) == "7 of about 15 min"
    assert Item(name="site:a", started=0.0).clock(1.5) == "1.5 s"
