"""What one plan does to a device is known to every wait in it: any two changes at one site come to a good end."""

import itertools
from collections.abc import Callable, Iterable

import pytest

from tests.laws.one_site import AT_HUBS, AT_SPOKES, OneSite

Stands = Callable[..., OneSite]
PROVIDERS = ("mist", "srx", "ssr")
AT_ONCE = tuple(one for one in AT_SPOKES if one != "first replacement")
BOTH_NODES = [("replacement", "first replacement"), ("hub replacement", "hub first replacement")]
"""Of one pair: that is a hardware refresh."""
PAIRS = [two for two in itertools.combinations((*AT_SPOKES, *AT_HUBS), 2) if two not in BOTH_NODES]
FEW = [
    ("mist", ("replacement", "steering")),
    ("mist", ("first replacement", "template", "networks")),
    ("mist", AT_ONCE),
    ("ssr", ("replacement", "template")),
    ("ssr", AT_ONCE),
    ("srx", AT_ONCE),
]


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Stands:
    """What stood before the changes, applied once for each provider; each test has a copy."""
    made: dict[tuple[str, bool], OneSite] = {}

    def make(platform: str, *, hubs: bool) -> OneSite:
        if (platform, hubs) not in made:
            site = OneSite(tmp_path_factory.mktemp(platform), platform, hubs=hubs)
            site.want(())
            assert site.apply().exit_code == 0
            made[platform, hubs] = site
        return made[platform, hubs].at(tmp_path_factory.mktemp("site") / "stack")

    return make


def carried_out(site: OneSite, changes: Iterable[str]) -> None:
    """All of it, at once, and then there is nothing left to do."""
    site.want(changes)
    site.bring_in(changes)
    result = site.apply()
    odd = (*result.failed, *result.skipped, *result.stopped, *result.in_doubt, *result.pending)
    assert [(one.address, one.text) for one in odd] == []
    assert result.exit_code == 0
    after = site.plan()
    assert (after.changes, after.drift) == ((), ())


@pytest.mark.parametrize(("platform", "changes"), FEW)
def test_changes_of_a_site_do_not_get_into_one_another_s_way(
    stands: Stands, platform: str, changes: tuple[str, ...]
) -> None:
    carried_out(stands(platform, hubs=False), changes)


def test_stages_are_carried_out_in_the_order_that_they_print(stands: Stands) -> None:
    site, changes = stands("mist", hubs=False), ("replacement", "formation", "steering")
    site.want(changes)
    site.bring_in(changes)
    printed = [str(one.document) for one in site.plan().transactions]
    assert printed == ["cluster:branch", "gatewaytemplate:edge", "site:yard", "cluster:annex"]
    assert site.apply().exit_code == 0
    assert [event.document for event in site.events if event.kind == "writing"] == printed


@pytest.mark.deep
@pytest.mark.parametrize("platform", PROVIDERS)
@pytest.mark.parametrize("changes", PAIRS, ids=" and ".join)
def test_any_two_changes_do_not_get_into_one_another_s_way(
    stands: Stands, platform: str, changes: tuple[str, str]
) -> None:
    carried_out(stands(platform, hubs=True), changes)


@pytest.mark.deep
@pytest.mark.parametrize("platform", PROVIDERS)
def test_all_changes_at_once_do_not_either(stands: Stands, platform: str) -> None:
    carried_out(stands(platform, hubs=True), [one for one in (*AT_SPOKES, *AT_HUBS) if "first" not in one])
