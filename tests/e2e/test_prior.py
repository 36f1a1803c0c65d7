"""What stood somewhere before haplan first owned it comes back when haplan lets go of it."""

from collections.abc import Callable

import pytest

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session
from tests.e2e.world import World, summary

Example = Callable[[str], World]
MINE = ', variables={"A": "mine"}'


@pytest.fixture
def world(example: Example) -> World:
    """The stack sets a variable of its site."""
    world = example("one_pair")
    world.edit("stack.py", ', timezone="America/New_York"', f', timezone="America/New_York"{MINE}')
    return world


def set_by_a_person(world: World, **variables: str) -> None:
    site = world.named("/orgs/{org}/sites", "branch")
    world.put(f"/sites/{site['id']}/setting", {"vars": variables})


def variables(world: World) -> dict[str, str]:
    site = world.named("/orgs/{org}/sites", "branch")
    found: dict[str, str] = world.get(f"/sites/{site['id']}/setting").get("vars") or {}
    return found


def import_site(world: World) -> None:
    """A person's site, with variables, taken into state."""
    world.plan()
    world.portal.post(f"/api/v1/orgs/{world.lab.org_id}/sites", json={"name": "branch", "country_code": "US"})
    set_by_a_person(world, A="theirs", B="theirs too")
    identity = world.named("/orgs/{org}/sites", "branch")["id"]
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        assert engine.apply(session, engine.import_(session, "site.branch", identity)).exit_code == 0


def test_a_variable_of_an_imported_site_gets_its_old_value_back(world: World) -> None:
    import_site(world)
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "mine", "B": "theirs too"}
    assert summary(world.plan()) == {}
    world.edit("stack.py", MINE, "")
    assert summary(world.plan()) == {"site.branch": "update"}
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "theirs", "B": "theirs too"}
    assert summary(world.plan()) == {}


def test_a_variable_that_comes_later_gets_its_old_value_back(world: World) -> None:
    assert world.apply().exit_code == 0
    set_by_a_person(world, A="mine", LATER="theirs")
    world.edit("stack.py", '{"A": "mine"}', '{"A": "mine", "LATER": "mine too"}')
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "mine", "LATER": "mine too"}
    world.edit("stack.py", ', "LATER": "mine too"', "")
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "mine", "LATER": "theirs"}
    assert summary(world.plan()) == {}


def test_what_was_not_there_when_it_was_owned_again_goes_with_its_line(world: World) -> None:
    test_a_variable_that_comes_later_gets_its_old_value_back(world)
    set_by_a_person(world, A="mine")
    world.edit("stack.py", '{"A": "mine"}', '{"A": "mine", "LATER": "mine too"}')
    assert world.apply().exit_code == 0
    world.edit("stack.py", ', "LATER": "mine too"', "")
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "mine"}


def test_the_old_value_is_that_of_first_ownership(world: World) -> None:
    """Whatever happens to the value while haplan owns it."""
    import_site(world)
    assert world.apply().exit_code == 0
    set_by_a_person(world, A="drifted", B="theirs too")
    world.edit("stack.py", MINE, ', variables={"A": "mine again"}')
    assert world.apply().exit_code == 0
    world.edit("stack.py", ', variables={"A": "mine again"}', "")
    assert world.apply().exit_code == 0
    assert variables(world) == {"A": "theirs", "B": "theirs too"}


def test_a_cluster_that_goes_gives_the_site_its_old_template_back(world: World) -> None:
    import_site(world)
    path = f"/api/v1/orgs/{world.lab.org_id}/gatewaytemplates"
    theirs = world.portal.post(path, json={"name": "theirs"}).json()["id"]
    site = world.named("/orgs/{org}/sites", "branch")["id"]
    world.put(f"/sites/{site}", {"gatewaytemplate_id": theirs})
    assert world.apply().exit_code == 0
    assert world.apply(replaces=("cluster.branch",)).exit_code == 0
    world.edit("stack.py", 'Cluster("branch"', 'if False: Cluster("branch"')
    assert world.apply().exit_code == 0
    assert world.named("/orgs/{org}/sites", "branch")["gatewaytemplate_id"] == theirs
