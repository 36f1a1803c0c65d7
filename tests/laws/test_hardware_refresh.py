"""Both boxes of a pair are others: said as what it is, refused until it is asked for, and then carried out."""

import re
import shlex
from collections.abc import Callable

import pytest

from haplan import engine
from haplan.errors import Denied
from haplan.host.options import Options, PlanOptions
from haplan.model.finding import Finding
from haplan.model.plan import Action, Plan
from haplan.steps.approve import unseal
from tests.laws.one_site import OneSite

Stands = Callable[..., OneSite]
PROVIDERS = ("mist", "srx", "ssr")
OF_SRX = "SRX002"
"""SRX are asked themselves, before anything is sent."""
QUICK = ("mist", pytest.param("srx", marks=pytest.mark.deep), "ssr")
BRANCH = "cluster.branch"


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Stands:
    """A site whose pair stands, and the boxes that are to take its place."""
    made: dict[tuple[str, bool], OneSite] = {}

    def make(platform: str, *changes: str, hubs: bool = False) -> OneSite:
        if (platform, hubs) not in made:
            made[platform, hubs] = OneSite(tmp_path_factory.mktemp(platform), platform, hubs=hubs)
            made[platform, hubs].want(())
            assert made[platform, hubs].apply().exit_code == 0
        site = made[platform, hubs].at(tmp_path_factory.mktemp("site") / "stack")
        kind = "hub refresh" if hubs else "refresh"
        site.want((kind, *changes))
        site.bring_in((kind,))
        return site

    return make


def errors(plan: Plan) -> list[Finding]:
    return [finding for finding in plan.findings if finding.severity == "error"]


def asked_for(finding: Finding) -> tuple[str, ...]:
    """What a hint says to give to --replace."""
    found = re.search(r"--replace (\S+)", finding.hint.replace(":", ""))
    assert found is not None, finding.hint
    return tuple(shlex.split(found.group(1)))


@pytest.mark.parametrize("platform", PROVIDERS)
def test_the_hint_names_the_way_and_the_way_leads_to_the_new_boxes(stands: Stands, platform: str) -> None:
    site = stands(platform)
    (error,) = errors(site.plan())
    assert (error.rule, error.address) == ("HA135", BRANCH)
    with pytest.raises(Denied, match="HA135"):
        site.apply()
    asked = asked_for(error)
    assert asked == (BRANCH,)
    plan = site.plan(replaces=asked)
    (change,) = plan.changes
    assert (change.action, change.why) == (Action.REPLACE, "asked for by --replace")
    assert (change.impact.kind, change.impact.seconds) == ("outage", 900)
    assert change.impact.note == (
        "hardware refresh: 020000010006 and 020000010007 in the place of 020000010000 and 020000010001; "
        "site yard, name, variables and policies stay"
    )
    assert site.apply(replaces=asked).exit_code == 0
    assert (site.plan().changes, site.plan().drift) == ((), ())


@pytest.mark.parametrize("platform", QUICK)
def test_the_plan_file_says_that_it_was_asked_for(stands: Stands, platform: str) -> None:
    site = stands(platform, "template", "steering")
    file = site.folder / "plan.hp"
    with site.session(Options(lab=True)) as session:
        plan = engine.plan(session, PlanOptions(replaces=(BRANCH,)))
        engine.write_plan(session, plan, file)
    with site.session(Options(lab=True)) as session:
        assert engine.apply(session, unseal(file).plan).exit_code == 0
    assert site.plan().changes == ()


@pytest.mark.parametrize("platform", QUICK)
def test_a_pair_of_hubs_is_refreshed_too(stands: Stands, platform: str) -> None:
    site = stands(platform, hubs=True)
    assert site.apply(replaces=("cluster.h1",)).exit_code == 0
    assert site.plan().changes == ()


@pytest.mark.parametrize("platform", QUICK)
def test_boxes_that_are_not_equal_are_named_at_plan_and_the_old_pair_stays(stands: Stands, platform: str) -> None:
    site = stands(platform)
    site.change_box("1", "7", version="6.1.0-1")
    (error,) = errors(site.plan(replaces=(BRANCH,)))
    assert error.rule == (OF_SRX if platform == "srx" else "HA006")
    with pytest.raises(Denied):
        site.apply(replaces=(BRANCH,))
    site.want(())
    assert (site.plan().changes, site.plan().drift) == ((), ())


@pytest.mark.parametrize("platform", PROVIDERS)
def test_a_box_that_goes_between_plan_and_apply_leaves_the_old_pair_in_its_place(stands: Stands, platform: str) -> None:
    site = stands(platform)
    with site.session(Options(lab=True)) as session:
        plan = engine.plan(session, PlanOptions(replaces=(BRANCH,)))
    site.change_box("1", "7", connected=False)
    with site.session(Options(lab=True)) as session:
        (failed,) = engine.apply(session, plan).failed
    if platform != "srx":
        assert "020000010007 is not connected; the old" in failed.text
    assert not any(event.kind == "step" for event in site.events)
    (error,) = errors(site.plan(replaces=(BRANCH,)))
    assert error.rule == (OF_SRX if platform == "srx" else "HA008")
    site.change_box("1", "7", connected=True)
    assert site.apply(replaces=(BRANCH,)).exit_code == 0
    assert site.plan().changes == ()


def test_the_old_boxes_of_an_srx_pair_are_let_go_before_the_new_ones_have_their_addresses(stands: Stands) -> None:
    site = stands("srx")
    (site.folder / "lab.toml").write_text('[srx]\n[[srx.fault]]\non = "set-chassis-cluster-disable"\nerror = "no"\n')
    result = site.apply(replaces=(BRANCH,))
    assert result.exit_code == 3
    steps = [(event.document, event.text) for event in site.events if event.kind == "step"]
    assert [text for document, text in steps if document == "cluster:branch"] == ["join node1", "join node0"]
    assert not any(document == "device:branch" for document, _ in steps)
    assert [text for document, text in steps if document == "retired:branch"] == ["take off", "leave"]
    (site.folder / "lab.toml").write_text("")
    assert site.apply().exit_code == 0  # goes on with it: nobody has to ask again
    steps = [(event.document, event.text) for event in site.events if event.kind == "step"]
    assert [text for document, text in steps if document == "retired:branch"] == ["leave", "leave"]
    assert not any(document == "cluster:branch" for document, _ in steps)
    assert site.plan().changes == ()
    old = "select coalesce(next_cluster, cluster) from boxes where mac in ('020000010000', '020000010001')"
    assert site.sql(old) == [(0,), (0,)]


def test_boxes_of_another_model_are_a_refresh_too(stands: Stands) -> None:
    site = stands("mist")
    stack = site.folder / "stack.py"
    old, new = 'else "SSR120", nodes=nodes', 'else "SSR130" if number == 1 else "SSR120", nodes=nodes'
    stack.write_text(stack.read_text().replace(old, new))
    (wrong, refused) = sorted(errors(site.plan()), key=lambda error: error.rule)
    assert wrong.message == "branch: 020000010006 and 020000010007 are SSR120, the stack says SSR130"
    for at in "67":
        site.change_box("1", at, model="SSR130")
    (refused,) = errors(site.plan())
    assert refused.rule == "HA135"
    assert "change one node" not in refused.hint  # of two models no pair is made
    plan = site.plan(replaces=asked_for(refused))
    assert [change.why for change in plan.changes] == ["asked for by --replace: because model changed"]
    assert plan.changes[0].impact.kind == "outage"
    assert site.apply(replaces=asked_for(refused)).exit_code == 0
    assert site.plan().changes == ()


@pytest.mark.parametrize("platform", QUICK)
def test_the_way_back_is_a_refresh_too_and_is_asked_for_in_the_same_words(stands: Stands, platform: str) -> None:
    site = stands(platform)
    site.apply(replaces=(BRANCH,))
    if platform == "srx":
        site.change_box("1", "0", connected=True)  # meanwhile the old boxes are up again
    with site.session(Options(lab=True)) as session:
        first = engine.read_state(session).runs[0].id
        (error,) = errors(engine.rollback(session, first))
        assert error.rule == "HA135"
        back = engine.rollback(session, first, PlanOptions(replaces=asked_for(error)))
        assert [(change.address, change.impact.kind) for change in back.changes] == [(BRANCH, "outage")]
        assert engine.apply(session, back).exit_code == 0
    site.want(())
    assert site.plan().changes == ()
