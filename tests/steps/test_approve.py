"""A plan file: the same bytes for the same plan, tampering is seen, and what makes it stale."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import __version__
from haplan.errors import Denied, OtherEstate, PlanFileError, Stale
from haplan.model.plan import Plan
from haplan.steps.approve import digest, refuse_estates, refuse_limits, refuse_stale, sealed, unseal
from haplan.testing import Project

Make = Callable[..., Project]
TEXT = (
    'a = Thing("a", size=1, tags={"x": 1, "$haplan": "ref"})\n'
    'Thing("b", tags={"of": a.id, "t": f"x-{a.id}"}, members=[])\n'
)


OF_A_LIST = b"sha256:" + hashlib.sha256(b"[]").hexdigest().encode()


@pytest.fixture
def plan(project: Make) -> Plan:
    return project(TEXT).plan()


def written(plan: Plan, folder: Path, at: float = 1.0) -> Path:
    file = folder / "a.plan"
    file.write_bytes(sealed(plan, at)[1])
    return file


def test_a_plan_reads_back_as_it_was_written(plan: Plan, tmp_path: Path) -> None:
    found = unseal(written(plan, tmp_path, at=1.5))
    assert (found.digest, digest(found.plan)) == (digest(plan), digest(plan))
    assert (found.at, found.plan.read) == (1.5, True)
    assert sealed(found.plan, 1.5) == sealed(plan, 1.5)


def test_a_plan_on_a_state_reads_back_too(project: Make, tmp_path: Path) -> None:
    made = project(TEXT, applied=True)
    made.cloud.edit("a", size=9)
    plan = made.write(
        'c = Thing("c", psk=secret("env:NONE"))\noutput("x", c.id)\n' + TEXT.replace("$haplan", "y")
    ).plan()
    assert digest(unseal(written(plan, tmp_path)).plan) == digest(plan)


def test_a_plan_file_of_0_1_0_is_refused_in_one_line_that_names_its_maker() -> None:
    """Its author and the place of its state stood beside the body: nobody had approved those."""
    with pytest.raises(PlanFileError) as caught:
        unseal(Path(__file__).parent / "plan-0.1.0.json")
    assert str(caught.value).endswith(
        "plan-0.1.0.json: made by haplan 0.1.0, in whose plan files author and state are no part of what is approved; "
        "plan again"
    )


def test_the_digest_does_not_know_when(plan: Plan) -> None:
    one, other = (json.loads(sealed(plan, at)[1]) for at in (1.0, 2.0))
    assert one["digest"] == other["digest"]
    assert one["body"] == other["body"]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda document: document["body"]["changes"][0]["after"].update(size=2),
        lambda document: document["body"]["limits"].update(max_deletes=9),
        lambda document: document["body"]["transactions"].pop(),
        lambda document: document.update(digest="sha256:0"),
    ],
)
def test_what_was_changed_after_it_was_written_is_refused(
    plan: Plan, tmp_path: Path, tamper: Callable[[Any], Any]
) -> None:
    file = written(plan, tmp_path)
    document = json.loads(file.read_bytes())
    tamper(document)
    file.write_text(json.dumps(document))
    with pytest.raises(PlanFileError, match="was changed after it was written"):
        unseal(file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a plan file"),
        (b"\x00\xff", "not a plan file"),
        (b"[]", "not a plan file"),
        (b'{"format": 1}', "not a plan file"),
        (b'{"format": "haplan-plan/2"}', f"written as haplan-plan/2, haplan {__version__} reads haplan-plan/1"),
        (
            b'{"format": "haplan-plan/2", "body": {"origin": {"haplan": "9.1.0"}}}',
            f"written as haplan-plan/2 by haplan 9.1.0, haplan {__version__} reads haplan-plan/1",
        ),
        (b'{"format": "haplan-plan/1"}', "is damaged"),
        (b'{"format": "haplan-plan/1", "body": [], "made": {}, "digest": 1}', "was changed after it was written"),
        (b'{"format": "haplan-plan/1", "body": [], "made": {}, "digest": "%s"}' % OF_A_LIST, "is damaged"),
    ],
)
def test_garbage_is_refused_in_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "x.plan"
    file.write_bytes(content)
    with pytest.raises(PlanFileError, match=words) as caught:
        unseal(file)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="cannot read"):
        unseal(tmp_path / "none")


# --- Stale ------------------------------------------------------------------------------------------------------------


def test_rows_that_the_plan_depends_on_make_it_stale_and_only_those(project: Make) -> None:
    text = 'a = Thing("a", size={a})\nThing("b", size={b}, tags={{"of": a.id}})\nThing("c", size={c})\n'
    made = project(text.format(a=1, b=1, c=1), applied=True)
    of_b = made.write(text.format(a=1, b=2, c=1)).plan()
    assert set(of_b.versions) == {"mem_thing.a", "mem_thing.b"}
    made.write(text.format(a=1, b=1, c=2)).apply()
    refuse_stale(of_b, made.state(), digest(of_b))
    made.write(text.format(a=2, b=1, c=2)).apply()
    with pytest.raises(
        Stale, match=rf"mem_thing\.a: its state moved since the plan, by run {made.state().runs[-1].id} \(apply"
    ):
        refuse_stale(of_b, made.state(), digest(of_b))


def test_a_digest_is_applied_once(project: Make) -> None:
    made = project('Thing("a")')
    plan = made.plan()
    made.apply(plan)
    made.apply(destroy=True)
    with pytest.raises(Stale, match="was applied already"):
        made.apply(plan)


def test_a_plan_that_looks_like_an_earlier_one_is_another(project: Make) -> None:
    made = project('Thing("a")')
    for _ in range(3):
        assert made.apply().exit_code == 0
        assert made.apply(destroy=True).exit_code == 0


def test_a_plan_after_a_failure_that_changed_nothing_is_another(project: Make) -> None:
    made = project('Thing("a")')
    for attempt in (1, 2, 3):
        made.cloud.errors[attempt] = OSError("no route")
        assert made.apply().exit_code == 8
    assert made.apply().exit_code == 0


def test_another_lineage_is_refused(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    plan = made.write('Thing("a", size=2)').plan()
    with pytest.raises(Stale, match="another lineage"):
        refuse_stale(attrs.evolve(plan, lineage="other"), made.state(), "x")


def test_another_estate_is_refused_with_both_names(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    made.cloud.name = "other"
    with pytest.raises(
        OtherEstate, match=r"belongs to cloud 'test' \(test\), these credentials reach 'other' \(other\)"
    ):
        made.plan()
    refuse_estates({}, {"mem": {"id": "x"}}, "this state")


def test_an_estate_that_an_older_provider_called_otherwise_is_the_same() -> None:
    now = {"mem.east": {"id": "mem.east", "formerly": "mem", "name": "east"}}
    refuse_estates({"mem.east": {"id": "mem"}}, now, "this state")
    refuse_estates({"mem.east": {"id": "mem.east"}}, now, "this state")
    with pytest.raises(OtherEstate, match="belongs to mem 'west'"):
        refuse_estates({"mem.east": {"id": "mem.west", "kind": "mem", "name": "west"}}, now, "this state")


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_limits_count_deletions_and_replacements(project: Make) -> None:
    made = project('limits(max_deletes=1)\nThing("a", zone="x")\nThing("b")', applied=True)
    plan = made.write('limits(max_deletes=1)\nThing("a", zone="y")').plan()
    with pytest.raises(Denied, match=r"limits\(max_deletes=1\): this plan has 2"):
        refuse_limits(plan)
    with pytest.raises(Denied):
        made.apply(plan)
    assert made.cloud.names() == ["a", "b"]
    refuse_limits(made.write('limits(max_deletes=2)\nThing("a", zone="y")').plan())
