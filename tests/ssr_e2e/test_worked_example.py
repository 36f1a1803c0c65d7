"""The worked example on a conductor, from nothing to everything and back."""

from haplan.model.plan import Action
from haplan_ssr.model import evaluate
from haplan_ssr.rules import drafts, tree_of
from tests.ssr_e2e.world import World, without_generated


def test_the_worked_example_is_applied_left_alone_mended_and_taken_away(example: World) -> None:
    found = without_generated(example.running())

    done = example.apply()
    assert (done.exit_code, len(done.done), done.findings) == (0, 31, ())
    assert example.calls("POST /config/commit") == {"POST /config/commit": 4}  # one before each gate, and one behind
    assert example.plan().empty()

    example.change("PATCH", "/authority/service-policy/only-wan1/vector/wan0", {"priority": 20}, commit=False)
    example.change("DELETE", "/authority/router/spoke2/service-route/guest-internet-wan1")
    drifted = example.plan()
    assert {drift.address for drift in drifted.drift} == {
        "steering.ha-spoke.only-wan1",
        "policy.ha-spoke.guest-internet",
    }
    assert {(change.action, change.why) for change in drifted.changes} == {(Action.UPDATE, "drifted")}
    assert example.apply().exit_code == 0
    assert example.plan().empty()
    routes = {route["name"] for route in example.router("spoke2")["service-route"]}
    assert "guest-internet-wan1" in routes

    assert example.destroy().exit_code == 0
    assert without_generated(example.running()) == found
    assert not example.is_dirty()


def test_its_configuration_keeps_every_rule_of_the_vendors_model(example: World) -> None:
    from haplan import engine

    with example.session() as session:
        (draft,) = drafts(engine.validate(session).stack)
    report = evaluate(tree_of(draft.translation), release="6.3.0")
    assert report.problems == ()
    assert report.evaluated == 1270  # `must` and `when` of the model, on its instances
