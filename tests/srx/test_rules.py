"""What is said offline, by ``haplan validate``."""

from pathlib import Path

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.finding import Finding
from tests.srx.stacks import PAIR


def found(folder: Path, text: str) -> list[Finding]:
    (folder / "stack.py").write_text(text)
    with open_session(folder, Options(), environ={}) as session:
        return [one for one in engine.validate(session).findings if one.rule in ("SRX001", "HA050")]


def test_a_stack_that_can_be_said_has_nothing_to_say(tmp_path: Path) -> None:
    assert found(tmp_path, PAIR) == []


def test_what_a_device_cannot_be_told_is_said_with_its_line(tmp_path: Path) -> None:
    text = PAIR.replace('addresses=["203.0.113.0/24"], protocols=["tcp/443"]', 'apps=["teams"]')
    (one,) = found(tmp_path, text)
    assert (one.rule, one.severity, one.address, one.location) == ("SRX001", "error", "application.web", "stack.py:6")


def test_a_variable_that_only_the_apply_will_tell_is_not_missing(tmp_path: Path) -> None:
    text = PAIR.replace('variables={"NET": "10.0.0"', 'variables={"NET": Site("other", country_code="CH").id')
    assert found(tmp_path, text.replace('"10.0.0.1/24"', '"{{NET}}.1/24"')) == []


def test_two_pairs_of_one_site_with_one_cluster_id_are_warned_of(tmp_path: Path) -> None:
    nodes = 'nodes=["020000020000", "020000020001"]'
    more = f'Cluster("twin", site=site, template=edge, model="SRX300", {nodes}, cluster_id=ID)'
    (one,) = found(tmp_path, PAIR + more.replace("ID", "1"))
    assert (one.rule, one.severity, one.address) == ("HA050", "warning", "cluster.twin")
    assert found(tmp_path, PAIR + more.replace("ID", "2")) == []


def test_a_mistake_in_extra_is_told_once(tmp_path: Path) -> None:
    text = PAIR.replace('model="SRX300",', 'model="SRX300", extra={"srx": {"set": ["system servces ssh"]}},', 1)
    (tmp_path / "stack.py").write_text(text)
    with open_session(tmp_path, Options(), environ={}) as session:
        said = [(one.rule, one.message) for one in engine.validate(session).findings if one.severity == "error"]
    assert said == [("EXTRA", "system servces ssh: syntax error (servces)")]
