"""The other ways through for what changes pairs, and for what comes into state: formation, dissolving, the replacement
of a node and an import, by each way that a plan is made and carried out, on each provider."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from haplan import engine, repair
from haplan.host.options import Options
from tests.laws.ways import WAYS, Stack, well

CHANGES = ("formation", "dissolving", "replacement", "import")
PROVIDERS = ("mist", "srx", "ssr")
IMPORTED = {"mist": "policy.edge.internet", "ssr": "policy.edge.internet", "srx": "cluster.old"}
"""What comes into state; of an SRX that no state has, the pair alone is seen."""
FEW = [
    ("mist", "--no-refresh", "formation"),
    ("ssr", "--target", "dissolving"),
    ("srx", "--exclude", "dissolving"),
    ("mist", "--refresh-only", "import"),
    ("ssr", "rollback", "formation"),
    ("mist", "--resume", "replacement"),
    ("ssr", "a plan file", "import"),
]
"""Each way, with every kind of change among them."""
ALL = [(platform, way, change) for platform in PROVIDERS for way in WAYS for change in CHANGES]
REFUSED = [("srx", "--exclude", "replacement")]
"""What is rightly not done: a pair of which one box is out takes no other change meanwhile (HA176)."""


class Pairs(Stack):
    """A site with two pairs that stand, and its lab."""

    def at(self, folder: Path) -> "Pairs":
        super().at(folder)
        return Pairs(folder, self.platform)

    def want(self, changes: Iterable[str], more: str = "") -> None:
        changes = [*changes]
        took = self.folder.parent / "imported"
        if "import" in changes and took.exists():
            more += f"\nfrom haplan import imported\nimported({IMPORTED[self.platform]!r}, {took.read_text()!r})\n"
        super().want(changes, more)

    def beside(self, change: str) -> str:
        """What stands on a pair that was forgotten is others', and is not changed in passing (SRX004)."""
        return "formation" if (self.platform, change) == ("srx", "import") else "variables"

    def begin(self, change: str) -> None:
        """What a person does before the stack changes."""
        self.want((change,))
        self.bring_in((change,))
        self.want(())
        if change != "import":
            return
        with self.session(Options(lab=True)) as session:
            row = engine.read_state(session).row(IMPORTED[self.platform])
            assert row is not None
            (self.folder.parent / "imported").write_text(row.id)
            repair.forget(session, [IMPORTED[self.platform]])

    def put_back(self, change: str) -> None:
        if change == "replacement":
            self.bring_back(change)


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pairs]:
    """What stood before, applied once for each provider; each test has a copy."""
    made: dict[str, Pairs] = {}

    def make(platform: str) -> Pairs:
        if platform not in made:
            stack = Pairs(tmp_path_factory.mktemp(platform), platform)
            stack.want(())
            well(stack.apply())
            made[platform] = stack
        return made[platform].at(tmp_path_factory.mktemp("way") / "stack")

    return make


def goes(stack: Pairs, way: str, change: str) -> None:
    stack.begin(change)
    WAYS[way](stack, change)
    stack.ends_well()


def test_every_way_and_every_kind_of_change_is_among_the_few() -> None:
    assert {way for _, way, _ in FEW} == set(WAYS)
    assert {change for _, _, change in FEW} == set(CHANGES)


@pytest.mark.parametrize(("platform", "way", "change"), FEW)
def test_each_way_leads_to_the_end(stands: Callable[[str], Pairs], platform: str, way: str, change: str) -> None:
    goes(stands(platform), way, change)


@pytest.mark.deep
@pytest.mark.parametrize(("platform", "way", "change"), [one for one in ALL if one not in REFUSED])
def test_each_change_goes_each_way(stands: Callable[[str], Pairs], platform: str, way: str, change: str) -> None:
    goes(stands(platform), way, change)
