"""What a change of a policy costs."""

from haplan.plugin import Action, Change, Reason
from haplan_srx.assess import _impact


def policy(before: str, after: str, **more: object) -> Change:
    values = [{"name": "p", "action": one} for one in (before, after)]
    return Change(
        address="policy.edge.p", type="policy", provider="srx", name="p", action=Action.UPDATE, before=values[0],
        after=values[1], **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_policy_that_changes_or_moves_may_disturb_sessions_unless_the_devices_keep_them() -> None:
    changed, moved, missing = (
        policy("allow", "deny"),
        policy("allow", "allow", position=(2, 1)),
        policy("allow", "allow", reason=Reason.RESUMED),
    )
    assert [_impact(one, True, intact=False).kind for one in (changed, moved)] == ["traffic", "traffic"]
    assert [_impact(one, True, intact=True).kind for one in (changed, moved)] == ["config-push", "config-push"]
    assert _impact(missing, True, intact=False).kind == "config-push"
