"""Values that flow by reference: unknown until they are there, of a type all the same, new in the very same apply."""

from collections.abc import Callable

import pytest

from haplan.model.value import Tree, references
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Project

Make = Callable[..., Project]

EVERYWHERE = """
a = Thing("a", zone="ZONE")
with module("inner"):
    b = Thing("b", tags={"of": a.id, "deep": [{"t": f"<{a.token}>"}]}, members=[a.id, f"x-{a.id}"], group=f"g-{a.id}")
d = Data("d", input={"all": [b.id, [f"{a.id}/{b.token}"]]})
e = Data("e", input=[d.output])
output("o", e.output)
output("p", {"x": [f"{a.id}-{b.id}"]})
with module("inner"):
    output("q", a.token)
"""


def values(made: Project) -> dict[str, Tree]:
    return {one.name: one.values for one in made.cloud.objects.values()}


def test_an_unknown_goes_through_containers_texts_modules_and_outputs(project: Make) -> None:
    made = project(EVERYWHERE)
    plan = made.plan()
    text = plain(plan_lines(plan))
    assert "members  [(known after apply), (known after apply)]" in text
    assert "tags     deep: [{t: (known after apply)}], of: (known after apply)" in text
    assert "+ p               {x: [(known after apply)]}" in text
    found = {one["address"]: one["change"] for one in plan_json(plan, digest="sha256:x", made=0.0)["resource_changes"]}
    b = found["module.inner.mem_thing.b"]
    assert (b["after"]["tags"], b["after"]["members"]) == ({"deep": [{}]}, [None, None])
    assert b["after_unknown"]["tags"] == {"of": True, "deep": [{"t": True}]}
    assert (b["after_unknown"]["members"], b["after_unknown"]["group"]) == ([True, True], True)
    assert found["record.d"]["after_unknown"]["input"] == {"all": [True, [True]]}


@pytest.mark.parametrize("zones", [("x",), ("x", "y")])
def test_what_refers_to_a_replaced_resource_has_its_new_id_in_the_same_apply(
    project: Make, zones: tuple[str, ...]
) -> None:
    made, ids = project(EVERYWHERE), set()
    for zone in zones:
        assert made.write(EVERYWHERE.replace("ZONE", zone)).apply().exit_code == 0
        a, b = made.cloud.thing("a").id, made.cloud.thing("b").id
        ids.add(a)
        assert values(made)["b"] == {
            "tags": {"of": a, "deep": [{"t": f"<token-{a}>"}]}, "members": [a, f"x-{a}"], "group": f"g-{a}"
        }  # fmt: skip
        outputs = {name: row.value for name, row in made.state().outputs.items()}
        all_ = {"all": [b, [f"{a}/token-{b}"]]}
        assert outputs == {"o": [all_], "p": {"x": [f"{a}-{b}"]}, "module.inner.q": f"token-{a}"}
        assert made.plan().empty()
    assert len(ids) == len(zones)


def test_what_is_replaced_is_known_only_as_far_as_it_stays(project: Make) -> None:
    made = project(EVERYWHERE, applied=True)
    plan = made.write(EVERYWHERE.replace("ZONE", "other")).plan()
    left = {str(ref) for change in plan.changes for ref in references(change.after)}
    assert left == {"mem_thing.a.id", "mem_thing.a.token", "module.inner.mem_thing.b.token", "record.d.output"}


INTO = """
d = Data("d", input={"list": [{"n": N}, "x"], "text": "t"})
Thing("a", size=d.output["list"][0]["n"], tags={"t": d.output["text"], "s": f"<{d.output['list'][1]}>"})
output("n", d.output["list"][-2]["n"])
"""


def test_a_reference_leads_into_what_it_refers_to(project: Make) -> None:
    made = project(INTO.replace("N", "3"))
    assert "size  (known after apply)" in plain(plan_lines(made.plan()))
    for number in ("3", "4"):
        assert made.write(INTO.replace("N", number)).apply().exit_code == 0
        assert values(made)["a"] == {"size": int(number), "tags": {"t": "t", "s": "<x>"}}
        assert made.state().outputs["n"].value == int(number)
        assert made.plan().empty()


def test_a_reference_that_leads_nowhere_is_refused_before_anything_is_written(project: Make) -> None:
    made = project('d = Data("d", input={"a": 1})\nThing("a", size=d.output["b"])')
    (failed,) = made.apply().failed
    assert failed.text == "mem_thing.a: size is still unknown: what it refers to gave no such value"
    assert made.cloud.names() == []


# --- Types ------------------------------------------------------------------------------------------------------------

TYPED = 'd = Data("d", input={})\nThing("a", size=d.output)'


def test_what_does_not_fit_is_an_error_of_the_plan_where_it_is_known(project: Make) -> None:
    made = project(TYPED.format(3), applied=True)
    (finding,) = made.write(TYPED.format(3) + '\nThing("b", zone=d.output)').plan().findings
    assert (finding.severity, finding.address, finding.location) == ("error", "mem_thing.b", "stack.py:6")
    assert finding.message == "zone: expected text, got 3; it comes from record.d.output"


def test_what_does_not_fit_is_not_written_where_only_the_apply_knows(project: Make) -> None:
    made = project(TYPED.format('"three"'))
    result = made.apply()
    assert result.exit_code == 3
    assert [one.text for one in result.failed] == [
        'mem_thing.a: size: expected integer, got "three"; it comes from record.d.output'
    ]
    assert made.cloud.names() == []
    assert made.write(TYPED.format(3)).apply().exit_code == 0
    assert made.cloud.thing("a").values["size"] == 3
