"""Carrying out a plan: what is durable when, what waits for what, and what comes of failures."""

import re
import threading
from collections.abc import Callable, Iterable, Sequence

import pytest

from haplan.contracts import ApplyView, CheckView, Node
from haplan.errors import ProviderError, Stale, Unauthorized
from haplan.hookspecs import hookimpl
from haplan.model.finding import Finding, Rule
from haplan.model.graph import Edge
from haplan.model.result import Outcome
from haplan.model.state import Intent, Update
from haplan.testing import Project
from haplan_sqlite import SqliteState
from tests.a_rule import a_rule
from tests.mixed import mixed

Make = Callable[..., Project]


class Edges:
    """A plugin with edges such as ``a gate b`` between things."""

    haplan_api = 2

    def __init__(self, *edges: str) -> None:
        self._edges = [edge.split() for edge in edges]

    @hookimpl
    def haplan_order(self, nodes: Iterable[Node]) -> Iterable[Edge]:
        return [Edge(f"mem_thing.{a}", f"mem_thing.{b}", kind, "test") for a, kind, b in self._edges]  # type: ignore[arg-type]


def labels(outcomes: Iterable[Outcome]) -> list[str]:
    return sorted(outcome.address.rpartition(".")[2] for outcome in outcomes)


# --- Journal ----------------------------------------------------------------------------------------------------------


def test_each_write_is_journaled_before_it_is_sent_and_settled_with_its_record(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})')
    seen: list[tuple[str, list[str], list[str]]] = []

    def look(document: str, name: str) -> None:
        state = made.state()
        seen.append((name, [intent.address for intent in state.intents], [address for address, _ in state.rows]))

    made.cloud.during = look
    assert made.apply().exit_code == 0
    assert seen == [("a", ["mem_thing.a"], []), ("b", ["mem_thing.b"], ["mem_thing.a"])]
    assert made.state().intents == ()


def test_what_is_announced_at_the_same_time_is_one_commit(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(f'for number in {mixed(40)}:\n    Thing(f"t{{number:02d}}")')
    journaled: list[int] = []
    journal = SqliteState.journal

    def counted(state: SqliteState, intents: Sequence[Intent]) -> list[Intent]:
        journaled.append(len(intents))
        return journal(state, intents)

    monkeypatch.setattr(SqliteState, "journal", counted)
    assert made.apply(parallelism=10).exit_code == 0
    assert sum(journaled) == 40
    assert len(journaled) < 30  # four, were the machine idle


def test_a_write_that_nothing_looks_at_is_saved_once(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str] = []
    save = SqliteState.save

    def noted(state: SqliteState, update: Update) -> None:
        saved.extend(row.address for row in update.rows)
        save(state, update)

    monkeypatch.setattr(SqliteState, "save", noted)
    assert project('Data("a", input=1)').apply().exit_code == 0
    assert saved == ["record.a"]


def test_ids_are_durable_before_a_write_is_looked_at(project: Make) -> None:
    made = project('Thing("a", size=1)')
    rows: list[tuple[str, str]] = []

    class Looking(dict[str, str]):
        def get(self, document: str, default: str | None = None) -> str | None:  # type: ignore[override]  # as it is used
            row = made.state().row("mem_thing.a")
            rows.append((row.id, row.status) if row else ("", ""))
            return None

    made.cloud.red = Looking()
    assert made.apply().exit_code == 0
    assert rows == [("id-1", "pending")]


def test_ids_are_durable_while_a_write_settles(project: Make) -> None:
    made = project('Thing("a", size=1)')
    made.cloud.seconds["thing:a"] = 100.0
    rows: list[tuple[str, str]] = []

    def look(seconds: float) -> None:
        row = made.state().row("mem_thing.a")
        assert row is not None
        rows.append((row.id, row.status))
        type(made.cloud.clock).sleep(made.cloud.clock, seconds)

    made.cloud.clock.sleep = look  # type: ignore[method-assign]
    assert made.apply().exit_code == 0
    assert set(rows) == {("id-1", "pending")}
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert row.status == "ok"


def test_references_are_resolved_when_their_turn_comes(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id, "text": f"<{a.token}>"})\noutput("id", a.id)')
    result = made.apply()
    assert made.cloud.thing("b").values["tags"] == {"of": "id-1", "text": "<token-id-1>"}
    assert result.outputs == {"id": "id-1"}
    assert made.state().outputs["id"].value == "id-1"


def test_an_output_of_what_failed_is_shown_as_state_has_it(project: Make) -> None:
    made = project('output("token", Thing("a", size=1).token)', applied=True)
    made.write('output("token", Thing("a", size=2).token)')
    made.cloud.errors[2] = ProviderError("no")
    assert made.apply().outputs == {"token": made.state().outputs["token"].value}


def test_an_empty_plan_opens_no_run(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    assert made.apply().exit_code == 0
    assert made.state().serial == 1


def test_destroy_goes_backwards(project: Make) -> None:
    made = project('a = Thing("a")\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id})', applied=True)
    made.cloud.writes.clear()
    assert made.apply(destroy=True).exit_code == 0
    assert [write.name for write in made.cloud.writes] == ["c", "b", "a"]
    assert made.state().rows == {}


# --- At once, and in turn ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parallelism", [1, 3])
def test_no_more_writes_at_once_than_allowed(project: Make, parallelism: int) -> None:
    made = project("".join(f'Thing("t{n}")\n' for n in mixed(9)))
    meeting = threading.Barrier(parallelism)
    made.cloud.during = lambda document, name: meeting.wait(10) and None
    assert made.apply(parallelism=parallelism).exit_code == 0
    assert made.cloud.most_at_once == parallelism


def test_waiting_takes_no_place_and_one_look_asks_for_all(project: Make) -> None:
    made = project("".join(f'Thing("t{n}")\n' for n in mixed(40)))
    made.cloud.seconds = {f"thing:t{n}": 900.0 for n in range(40)}
    start = made.cloud.clock.now()
    assert made.apply(parallelism=2).exit_code == 0
    assert 900 <= made.cloud.clock.now() - start < 1000
    assert made.cloud.polls <= 35


def test_two_providers_times_do_not_hold_each_other_up(project: Make) -> None:
    made = project('a = Thing("a")\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id})')
    made.cloud.seconds = {"thing:a": 10.0, "thing:c": 400.0}
    assert made.apply().exit_code == 0


def test_all_of_one_document_is_one_transaction(project: Make) -> None:
    made = project('a = Thing("a", group="g")\nb = Thing("b", group="g", tags={"of": "x"})\nThing("c", depends_on=[a])')
    plan = made.plan()
    assert [str(t.document) for t in plan.transactions] == ["group:g", "thing:c"]
    assert made.apply(plan).exit_code == 0


def test_soft_edges_order_and_hold_nothing_up(project: Make) -> None:
    made = project('Thing("a")\nThing("b")', more=[Edges("b soft a")])
    made.cloud.errors[1] = ProviderError("no")
    result = made.apply(parallelism=1)
    assert [write.name for write in made.cloud.writes] == ["a"]
    assert (result.exit_code, labels(result.failed), labels(result.done)) == (3, ["b"], ["a"])


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_a_failure_skips_what_needs_it_and_nothing_else(project: Make) -> None:
    made = project('a = Thing("a")\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id})\nThing("x")')
    made.cloud.errors[1] = ProviderError("400: size must not be empty")
    result = made.apply(parallelism=1)
    assert result.exit_code == 3
    assert [(o.address, o.text) for o in result.failed] == [("mem_thing.a", "400: size must not be empty")]
    assert [(o.address, o.text) for o in result.skipped] == [
        ("mem_thing.b", "mem_thing.a failed"),
        ("mem_thing.c", "mem_thing.b was skipped"),
    ]
    assert labels(result.done) == ["x"]
    assert made.state().intents == ()
    assert made.apply().exit_code == 0
    assert made.plan().empty()


def test_a_failure_at_the_end_of_a_long_chain_of_dependants_is_no_trouble(project: Make) -> None:
    text = 'last = Thing("t")\nfor n in NUMBERS:\n    last = Data(f"d{n}", input=last.id)\n'
    made = project(text.replace("NUMBERS", str(mixed(1200))))
    made.cloud.errors[1] = ProviderError("no")
    result = made.apply()
    assert (len(result.failed), len(result.skipped)) == (1, 1200)


def test_refused_credentials_stop_the_run(project: Make) -> None:
    made = project("".join(f'Thing("t{n}")\n' for n in mixed(6)))
    made.cloud.errors[3] = Unauthorized("401: the token is not accepted")
    result = made.apply(parallelism=1)
    assert result.exit_code == 3
    assert (len(result.done), len(result.failed), len(result.skipped)) == (2, 1, 3)
    assert {one.text for one in result.skipped} == {"not begun: the credentials are not accepted any more"}
    assert made.cloud.tried == 3


def test_a_lost_answer_is_in_doubt_and_the_next_plan_finds_out(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("b", tags={"of": a.id})')
    made.cloud.lost.add(1)
    result = made.apply()
    assert (result.exit_code, labels(result.in_doubt), labels(result.skipped)) == (8, ["a"], ["b"])
    assert [intent.address for intent in made.state().intents] == ["mem_thing.a"]
    plan = made.plan()
    assert [(c.action.value, c.why) for c in plan.changes] == [("import", "resume"), ("create", "new")]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.names() == ["a", "b"]
    assert made.state().intents == ()
    assert made.plan().empty()


def test_a_lost_write_that_led_to_nothing_is_done_again(project: Make) -> None:
    made = project('Thing("a", size=1)')
    made.cloud.errors[1] = ProviderError("timed out", lost=True)
    assert made.apply().exit_code == 8
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a"]


def test_a_lost_update_is_recorded_by_the_next_run(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.lost.add(2)
    assert made.write('Thing("a", size=2)').apply().exit_code == 8
    plan = made.plan()
    assert (plan.drift, [c.why for c in plan.changes]) == ((), ["remembered"])
    assert made.apply(plan).exit_code == 0
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert row.values["size"] == 2
    assert made.state().intents == ()


def test_what_an_earlier_write_of_a_broken_transaction_made_is_found_again(project: Make) -> None:
    made = project('Thing("a", group="g")\nThing("b", group="g")')
    made.cloud.errors[2] = ProviderError("400")
    assert made.apply().exit_code == 3
    assert made.cloud.names() == ["a"]
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b"]


def test_a_partial_plan_leaves_what_it_did_not_look_at_in_doubt(project: Make) -> None:
    made = project('Thing("a")\nThing("b")')
    made.cloud.lost.add(1)
    assert made.apply(parallelism=1).exit_code == 8
    assert made.write('Thing("a")\nThing("b", size=2)').apply(targets=("*.b",)).exit_code == 0
    assert [intent.address for intent in made.state().intents] == ["mem_thing.a"]
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b"]


def test_a_plugin_that_breaks_is_named_and_the_run_goes_on(project: Make) -> None:
    made = project('Thing("a")\nThing("b")')
    made.cloud.errors[1] = KeyError("oops")
    result = made.apply(parallelism=1)
    assert labels(result.done) == ["b"]
    assert "provider 'mem': write of thing:a broke: KeyError: 'oops'" in result.in_doubt[0].text


# --- Compare before write ---------------------------------------------------------------------------------------------


def test_what_moved_since_the_plan_is_not_written(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b", size=1)', applied=True)
    plan = made.write('Thing("a", size=2)\nThing("b", size=2)').plan()
    made.cloud.edit("a", size=7, who="ana")
    result = made.apply(plan)
    assert result.exit_code == 5
    assert result.failed[0].text == "mem_thing.a: size changed by ana since the plan; plan again"
    assert (made.cloud.thing("a").values["size"], made.cloud.thing("b").values["size"]) == (7, 2)


def test_what_moved_is_not_deleted_either(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    plan = made.write("").plan()
    made.cloud.edit("a", size=7)
    assert made.apply(plan).exit_code == 5
    assert made.cloud.names() == ["a"]
    assert made.apply().exit_code == 0


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (lambda cloud: cloud.remove("a"), "is gone, it was there when the plan was made"),
        (lambda cloud: cloud.add("b"), "exists now \\(id id-2\\), it did not when the plan was made"),
    ],
)
def test_existence_is_compared_too(project: Make, happens: Callable[[object], object], words: str) -> None:
    made = project('Thing("a", size=1)', applied=True)
    plan = made.write('Thing("a", size=2)\nThing("b")').plan()
    happens(made.cloud)
    result = made.apply(plan)
    assert result.exit_code == 5
    assert len(result.failed) == 1
    assert re.search(words, result.failed[0].text)


def test_an_order_that_moved_is_not_overwritten(project: Make) -> None:
    rules = 't = Thing("t")\nfor n in "{}":\n    Rule(n, thing=t)\n'
    made = project(rules.format("abc"), applied=True)
    plan = made.write(rules.format("bac")).plan()
    made.cloud.sequences["rules:mem_thing.t"] = list("cab")
    result = made.apply(plan)
    assert (result.exit_code, made.cloud.sequences["rules:mem_thing.t"]) == (5, list("cab"))


def test_what_is_new_finds_its_neighbour_in_an_order_that_others_moved(project: Make) -> None:
    rules = 't = Thing("t")\nfor n in "{}":\n    Rule(n, thing=t)\n'
    made = project(rules.format("abc"), applied=True)
    plan = made.write(rules.format("abxc")).plan()
    made.cloud.sequences["rules:mem_thing.t"] = list("cab")
    result = made.apply(plan)
    assert (result.exit_code, labels(result.done)) == (0, ["x"])
    assert made.cloud.sequences["rules:mem_thing.t"] == list("cabx")
    assert result.moved == ("rules:mem_thing.t (the order of mem rule)",)
    (moved,) = made.plan().drift
    assert moved.recorded.keys() == {"position"}


def test_our_own_earlier_write_is_expected(project: Make) -> None:
    made = project('Thing("a", size=1, also=["X", "Y"])', applied=True)
    assert made.write('Thing("a", size=2, also=["X", "Y"])').apply().exit_code == 0
    assert made.plan().empty()


def test_two_writes_of_one_document_do_not_take_each_other_for_a_stranger(project: Make) -> None:
    rules = 't = Thing("t")\na = Rule("a", thing=t)\n{}b = Rule("b", thing=t{})\n'
    made = project(rules.format("", ""), applied=True)
    text = 't = Thing("t")\nb = Rule("b", thing=t, text="x")\nm = Thing("m", depends_on=[b])\n'
    plan = made.write(text + 'a = Rule("a", thing=t, text=f"{m.id}")\n').plan()
    assert [str(t.document) for t in plan.transactions].count("rules:mem_thing.t") == 2
    assert made.apply(plan).exit_code == 0
    assert made.cloud.sequences["rules:mem_thing.t"] == ["b", "a"]


# --- Checks, gates, queues --------------------------------------------------------------------------------------------

HUBS = 'Thing("h1")\nThing("h2")\nThing("s1")\nThing("s2")'
GATES = Edges("h1 gate h2", "h2 gate s1", "s1 gate s2")


def test_a_red_check_stops_what_lies_behind_the_gate(project: Make) -> None:
    made = project(HUBS, more=[GATES])
    made.cloud.red["thing:h2"] = "no tunnel came up"
    result = made.apply()
    assert result.exit_code == 10
    assert (labels(result.done), labels(result.failed), labels(result.stopped)) == (["h1"], ["h2"], ["s1", "s2"])
    assert result.stopped[0].text == "mem_thing.h2 was not verified"
    row = made.state().row("mem_thing.h2")
    assert row is not None
    assert row.status == "incomplete"
    made.cloud.red.clear()
    plan = made.plan()
    assert next((c.name, c.action.value, c.why) for c in plan.changes) == ("h2", "update", "resume")
    assert made.apply(plan).exit_code == 0
    assert made.cloud.names() == ["h1", "h2", "s1", "s2"]


def test_a_red_check_without_anything_behind_it_is_a_failure(project: Make) -> None:
    made = project('Thing("a")')
    made.cloud.red["thing:a"] = "no"
    assert made.apply().exit_code == 3


def test_a_failed_write_before_a_gate_counts_more_than_the_gate(project: Make) -> None:
    made = project(HUBS, more=[GATES])
    made.cloud.errors[2] = ProviderError("no")
    result = made.apply()
    assert (result.exit_code, labels(result.stopped)) == (3, ["s1", "s2"])


def test_gates_wait_until_what_they_wait_for_has_settled(project: Make) -> None:
    made = project(HUBS, more=[GATES])
    made.cloud.seconds = {"thing:h1": 300.0, "thing:h2": 300.0}
    times: dict[str, float] = {}
    made.cloud.during = lambda document, name: times.update({name: made.cloud.clock.now()})
    assert made.apply().exit_code == 0
    assert times["h2"] - times["h1"] >= 300
    assert times["s1"] - times["h2"] >= 300
    assert times["s2"] == times["s1"]


def test_what_is_queued_is_pending_and_not_waited_for_except_behind_a_gate(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})\nThing("c")', more=[Edges("a gate c")])
    made.cloud.held["thing:a"] = "the device is offline"
    result = made.apply()
    assert (labels(result.pending), labels(result.done), labels(result.stopped)) == (["a"], ["b"], ["c"])
    assert result.pending[0].text == "the device is offline"
    assert [p.status for p in made.state().placements.values() if p.address == "mem_thing.a"] == ["pending"]


class Rules:
    """A plugin with one rule before a write and one after it."""

    haplan_api = 2

    def __init__(self, moment: str) -> None:
        self._moment = moment

    def check(self, view: ApplyView | CheckView) -> Iterable[Finding]:
        for part in view.task.parts:
            if part.change.name == "bad":
                yield Finding(rule="T1", severity="error", address=part.change.address, message="not on a Friday")

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        return [a_rule("T1", self._moment, self.check)]


def test_a_rule_before_the_write_denies_it(project: Make) -> None:
    made = project('Thing("bad")\nThing("good")', more=[Rules("A")])
    result = made.apply()
    assert (result.exit_code, result.failed[0].text) == (4, "T1: not on a Friday")
    assert made.cloud.names() == ["good"]


def test_a_rule_after_the_write_makes_it_red(project: Make) -> None:
    made = project('Thing("bad")\nThing("good")', more=[Rules("C")])
    result = made.apply()
    assert (result.exit_code, [finding.rule for finding in result.findings]) == (3, ["T1"])
    assert made.cloud.names() == ["bad", "good"]


def test_applying_needs_the_plan_to_be_fresh(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    plan = made.write('Thing("a", size=2)').plan()
    assert made.apply(plan).exit_code == 0
    with pytest.raises(Stale, match="was applied already"):
        made.apply(plan)


def test_what_a_backend_says_of_a_failure_decides_nothing(project: Make) -> None:
    made = project('Thing("a")')
    made.cloud.seconds["thing:a"] = 1.0
    made.cloud.broken["thing:a"] = "outcome in doubt: taken back; replaced because tainted"
    result = made.apply()
    assert (result.exit_code, result.in_doubt) == (3, ())
    assert [one.text for one in result.failed] == ["outcome in doubt: taken back; replaced because tainted"]
