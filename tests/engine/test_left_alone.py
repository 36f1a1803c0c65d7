"""What is left alone: one rule for what changed, was added and went, for attributes, entries of maps and of lists."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.errors import StackError
from haplan.model.left_alone import as_path, as_there
from haplan.model.plan import Action
from haplan.testing import Project
from tests.laws.stacks import World, law

Make = Callable[..., Project]

CASES = {
    "changed": ("size=1", "size=2", "size"),
    "added": ("", "size=2", "size"),
    "went": ("size=1", "", "size"),
    "added, and it forces a replacement": ("", 'zone="z"', "zone"),
    "went, and it forces a replacement": ('zone="z"', "", "zone"),
    "changed, and it forces a replacement": ('zone="z"', 'zone="y"', "zone"),
    "an entry changed": ("tags={'a': 1, 'b': 1}", "tags={'a': 2, 'b': 1}", "tags.a"),
    "an entry was added": ("tags={'b': 1}", "tags={'a': 2, 'b': 1}", "tags.a"),
    "an entry went": ("tags={'a': 1, 'b': 1}", "tags={'b': 1}", "tags.a"),
    "the only entry went": ("tags={'a': 1}", "", "tags.a"),
    "an entry with a dot": ("tags={'a.b': 1}", "tags={'a.b': 2}", 'tags."a.b"'),
    "below an entry": ("tags={'a': {'x': 1}}", "tags={'a': {'x': 2}}", "tags.a.x"),
    "a map with another entry": ("tags={'a': 1}", "tags={'a': 1, 'c': 1}", "tags"),
    "a place of a list": ("also=['X', 'Y']", "also=['X', 'Z']", "also.1"),
    "a place was added": ("also=['X']", "also=['X', 'Z']", "also.1"),
    "a place went": ("also=['X', 'Y', 'Z']", "also=['Y', 'Z']", "also.0"),
    "a name in a list went": ("members=['a', 'b', 'c']", "members=['a', 'c']", "members.b"),
    "a name was added to a list": ("members=['a', 'c']", "members=['a', 'c', 'b']", "members.b"),
    "a name of a list of maps": ("members=[{'name': 'a', 'x': 1}]", "members=[{'name': 'a', 'x': 2}]", "members.a.x"),
    "the remote name": ("name='old'", "name='new'", "name"),
    "everything": ("size=1, tags={'a': 1}, zone='z'", "size=2, tags={'b': 1}, model='m', name='n'", "all"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_ignored_changes_nothing(case: str, project: Make) -> None:
    before, after, path = CASES[case]
    life = f"lifecycle=lifecycle(ignore_changes=[{path!r}])"
    made = project(f"Thing('t', {before and before + ', '}{life})", applied=True)
    plan = made.write(f"Thing('t', {after and after + ', '}{life})").plan()
    assert [(one.action, one.unset, one.before, one.after) for one in plan.changes if plan.transactions] == []
    assert {one.why for one in plan.changes} <= {"remembered"}
    assert (plan.transactions, plan.drift) == ((), ())
    made.apply()
    assert made.plan().empty()


def test_what_is_ignored_and_moved_in_the_estate_is_no_drift_and_is_left(project: Make) -> None:
    life = "lifecycle=lifecycle(ignore_changes='all')"
    made = project(f"Thing('t', size=1, tags={{'a': 1}}, also=['X', 'Y'], {life})", applied=True)
    made.cloud.edit("t", size=7, tags={"a": 2}, also=["X", "theirs"])
    plan = made.plan()
    assert (plan.empty(), plan.drift) == (True, ())


def test_what_is_not_ignored_beside_it_is_changed_alone(project: Make) -> None:
    life = "lifecycle=lifecycle(ignore_changes=['tags.a'])"
    made = project(f"Thing('t', tags={{'a': 1, 'b': 1}}, {life})", applied=True)
    made.cloud.edit("t", tags={"a": 9, "b": 1})
    made.write(f"Thing('t', tags={{'b': 2}}, {life})").apply()
    assert made.cloud.thing("t").values["tags"] == {"a": 9, "b": 2}
    assert made.plan().empty()


LEAVE = {
    "an attribute": ("size=1", "", "size", {"size": 1}),
    "an entry": ("tags={'a': 1, 'b': 1}", "tags={'b': 1}", "tags.a", {"tags": {"a": 1, "b": 1}}),
    "an entry of what goes whole": ("tags={'a': 1, 'b': 1}", "", "tags.a", {"tags": {"a": 1}}),
    "a name in a list": ("members=['a', 'b']", "members=['a']", "members.b", {"members": ["a", "b"]}),
    "a place in a list": ("also=['X', 'Y']", "also=['X']", "also.1", {"also": ["X", "Y"]}),
}


@pytest.mark.parametrize("case", LEAVE)
def test_what_stays_when_its_line_leaves_stays(case: str, project: Make) -> None:
    before, after, path, left = LEAVE[case]
    life = f"lifecycle=lifecycle(leave=[{path!r}])"
    made = project(f"Thing('t', {before}, {life})", applied=True)
    made.write(f"Thing('t', {after and after + ', '}{life})").apply()
    values = made.cloud.thing("t").values
    assert {name: values.get(name) for name in left} == left
    plan = made.plan()
    assert (plan.empty(), plan.drift) == (True, ())


@pytest.mark.parametrize(("given", "said"), [
    ("all", 'got the function all of Python; write ignore_changes="all"'),
    ("[all]", 'got the function all of Python; write ignore_changes="all"'),
    ("'size'", "expected a list of attribute names, got \"size\""),
    ("['sice']", '"sice" is no attribute of mem_thing; did you mean'),
    ("['']", '"" is no attribute of mem_thing'),
])  # fmt: skip
def test_a_wrong_word_is_told_with_the_right_one(given: str, said: str, project: Make) -> None:
    with pytest.raises(StackError, match=r"stack\.py:\d+") as caught:
        project(f"Thing('t', lifecycle=lifecycle(ignore_changes={given}))").plan()
    assert said in str(caught.value)


trees = st.dictionaries(
    st.sampled_from("abc"), st.integers(0, 2) | st.lists(st.sampled_from("xyz"), unique=True), max_size=3
)


@given(trees, trees, trees, st.sampled_from(["a", "b", "a.0", "a.x", "b.1", "c.y"]))
@law(200)
def test_what_stands_elsewhere_is_as_wanted(
    wanted: Mapping[str, Any], declared: Mapping[str, Any], live: Mapping[str, Any], path: str
) -> None:
    found = as_there(wanted, declared, live, as_path(path))
    top = path[0]
    assert {name: value for name, value in found.items() if name != top} == {
        name: value for name, value in wanted.items() if name != top
    }
    if path == top:
        owned = top in wanted or top in declared
        assert found.get(top) == (live.get(top) if owned else None)


@pytest.mark.parametrize("atomic", [True, False])
def test_an_import_leaves_alone_what_is_ignored(atomic: bool) -> None:
    with World(atomic=atomic) as world:
        world.cloud.add("t", size=7, zone="theirs")
        made = world.project.write(
            "Thing('t', size=1, zone='z', lifecycle=lifecycle(ignore_changes=['size', 'zone']))\n"
            "imported('mem_thing.t', 'id-1')"
        )
        (change,) = made.plan().changes
        assert (change.action, change.before) == (Action.IMPORT, change.after)
        assert made.apply().writes == 0
