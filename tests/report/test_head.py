"""The head of a plan is the sum of its lines: every kind of impact, its changes, its sites."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from haplan.model.plan import IMPACTS, Action, Change, Impact, Plan
from haplan.report.changes import change_lines
from haplan.report.lines import plain
from haplan.report.text import verdict
from tests.laws.stacks import law

LINES = {
    "configuration push": "configuration push", "traffic moves": "traffic", "reboot": "reboot", "outage": "outage",
}  # fmt: skip
"""What a change's line says → what the head calls it."""
SITES = ("zug", "Ärnen", "b-2")

changes = st.lists(
    st.builds(
        Change,
        address=st.sampled_from(["site.a", "cluster.b", "policy.e.c", "network.d"]),
        type=st.sampled_from(["site", "cluster", "policy", "network"]),
        name=st.just("n"),
        provider=st.just("mist"),
        action=st.sampled_from([Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE]),
        before=st.just({"x": 1}),
        after=st.just({"x": 2}),
        impact=st.builds(Impact, st.sampled_from(IMPACTS), note=st.sampled_from(["", "both nodes restart"])),
        sites=st.lists(st.sampled_from(SITES), unique=True, max_size=3).map(tuple),
    ),
    max_size=8,
)


@given(changes)
@law(60)
def test_the_head_is_the_sum_of_the_lines(found: list[Change]) -> None:
    plan = Plan(stack="s", environment="lab", command="apply", lineage="", serial=0, changes=tuple(found))
    counted, reached = Counter[str](), dict[str, set[str]]()
    for change in found:
        for text in plain(change_lines(change), width=400).splitlines():
            if told := re.match(r" {6}(configuration push|traffic moves|reboot|outage)\b(?: at ([^:]*))?", text):
                counted[LINES[told[1]]] += 1
                reached.setdefault(LINES[told[1]], set()).update((told[2] or "").split(", "))
    head = [text for text in plain(verdict(plan), width=400).splitlines() if text.partition(":")[0] in LINES.values()]
    assert {text.partition(":")[0]: sum(map(int, re.findall(r"(?:: |; )(\d+) ", text))) for text in head} == counted
    for text in head:
        sites = reached[text.partition(":")[0]] - {""}
        said = re.search(r", at (.*)$", text)
        assert (said[1] if said else "") == (f"{len(sites)} sites" if len(sites) > 2 else " and ".join(sorted(sites)))
