"""Settings, errors, retries and the budget."""

import re

import pytest

from haplan.contracts import Context, Query, Target
from haplan.errors import ProviderError, Unauthorized
from haplan.kit.calls import redacted
from haplan.model.value import Secret
from haplan_mist.config import MistConfig, access
from haplan_mist.lab import Fault, LabDefinition, Settings
from haplan_mist.provider import MistProvider

ORG = "b069b358-4c97-5319-1f8c-7c5ca64d6ab1"
ENV = {"MIST_HOST": "api.mist.com", "MIST_ORG_ID": ORG, "MIST_APITOKEN": "t"}
NETWORKS = Query(targets=(Target(address="network.x", type="network", name="x"),))


def no_secret(source):
    raise AssertionError(source)


@pytest.mark.parametrize("missing", sorted(ENV))
def test_what_is_missing_is_named_with_its_variable(missing):
    environ = {name: value for name, value in ENV.items() if name != missing}
    with pytest.raises(ProviderError, match=f"{missing} not set"):
        access(MistConfig(), environ, no_secret)


@pytest.mark.parametrize("spelling", ["MIST_APITOKEN", "MIST_API_TOKEN"])
def test_the_token_is_read_as_mistapi_and_the_terraform_provider_spell_it(spelling):
    environ = {**{k: v for k, v in ENV.items() if k != "MIST_APITOKEN"}, spelling: "one,two"}
    found = access(MistConfig(), environ, no_secret)
    assert (found.token, found.token_source) == ("one", spelling)
    assert "one" not in repr(found)


def test_a_token_may_be_a_secret_of_the_stack():
    config = MistConfig(apitoken=Secret("env:X"), host="api.eu.mist.com", org_id=ORG)
    assert access(config, {}, lambda source: f"<{source}>").token == "<env:X>"


@pytest.mark.parametrize(("host", "url"), [
    ("api.mist.com", "https://api.mist.com"), ("https://api.eu.mist.com/api/v1/", "https://api.eu.mist.com"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://localhost:1", "http://localhost:1"),
    ("http://[::1]:9", "http://[::1]:9"),
])  # fmt: skip
def test_a_host_may_carry_a_scheme(host, url):
    assert access(MistConfig(host=host), ENV, no_secret).url == url


@pytest.mark.parametrize("host", ["http://api.mist.com", "ftp://x", "api mist com", "http://127.0.0.1.evil.org"])
def test_a_host_that_would_expose_the_token_is_refused(host):
    with pytest.raises((ProviderError, ValueError)):
        access(MistConfig(host=host), ENV, no_secret)


def test_identity_names_the_organisation(world):
    identity = world.provider.identity()
    assert identity["kind"] == "mist organisation"
    assert identity["id"] == world.lab.org_id
    assert identity["name"]


@pytest.fixture
def opened(world):
    """Opens further providers on the same lab."""
    made = []

    def open_with(**settings):
        given = {"host": world.url, "org_id": world.lab.org_id, "apitoken": world.lab.token, **settings}
        made.append(
            MistProvider.open(MistConfig(**given), Context(clock=world.lab.clock, environ={}, secret=no_secret))
        )
        return made[-1]

    yield open_with
    for provider in made:
        provider.close()


def test_a_wrong_token_stops_at_once_and_says_which(opened):
    provider = opened(apitoken="wrong")
    with pytest.raises(Unauthorized, match=r"does not accept the API token from apitoken \(401"):
        provider.identity()
    assert provider.calls((), None).made == 1


def test_a_token_that_may_only_read_is_told_so_by_the_first_write(world, opened):
    kept, world.provider = world.provider, opened(apitoken=world.lab.reader_token)
    with pytest.raises(Unauthorized, match=r"network\.x: .* forbids POST .* give the token the role it needs"):
        world.create("network", "x", subnet="10.0.0.0/24")
    world.provider = kept


def test_another_organisation_is_told_with_the_ones_the_token_sees(world, opened):
    with pytest.raises(ProviderError, match=rf"{ORG} is not visible .* it sees {world.lab.org_id}") as error:
        opened(org_id=ORG).identity()
    assert not isinstance(error.value, Unauthorized)


def test_a_host_that_nobody_answers_at_is_one_line(opened):
    with pytest.raises(ProviderError, match=r"cannot reach http://127\.0\.0\.1:1: .*check MIST_HOST") as error:
        opened(host="http://127.0.0.1:1").identity()
    assert "\n" not in str(error.value)


def test_a_read_is_retried_and_a_refusal_is_not(make_world):
    world = make_world(faults=(Fault(on="GET /orgs/*/networks", status=503, times=2),
                               Fault(on="POST /orgs/*/networks", status=400, body="no such subnet")))  # fmt: skip
    assert world.provider.read(NETWORKS).seen == {}
    assert world.made() == 3 + 4  # and who uses a network
    with pytest.raises(ProviderError, match=r"network\.x: POST .* answered with 400: no such subnet"):
        world.create("network", "x", subnet="10.0.0.0/24")


def test_a_cloud_in_trouble_is_given_up_after_a_few_tries(make_world):
    world = make_world(faults=(Fault(on="GET /orgs/*/networks", status=502, times=0),))
    with pytest.raises(ProviderError, match="answered with 502"):
        world.provider.read(NETWORKS)
    assert world.made() == 5


def test_a_dropped_answer_to_a_put_is_sent_again(make_world):
    world = make_world(faults=(Fault(on="PUT /orgs/*/networks/*", drop="after"),))
    world.create("network", "x", subnet="10.0.0.0/24")
    world.update("network.x", subnet="10.1.0.0/24")
    assert world.listed("networks")[0]["subnet"] == "10.1.0.0/24"


def test_a_create_that_never_gets_an_answer_is_an_unknown_outcome(make_world):
    world = make_world(faults=(Fault(on="POST /orgs/*/networks", drop="before", times=0),))
    with pytest.raises(ProviderError, match="not known whether it was done") as error:
        world.create("network", "x", subnet="10.0.0.0/24")
    assert error.value.lost


def test_over_budget_waits_as_long_as_the_cloud_says_and_tells_it(make_world):
    world = make_world(faults=(Fault(on="GET /orgs/*/networks", status=429, retry_after=130),))
    started = world.lab.clock.now()
    world.provider.read(NETWORKS)
    assert 130 <= world.lab.clock.now() - started < 140
    assert re.match(r"waiting 130 s: the hour's budget", world.told[0])


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_is_sent_again_after_a_wait_asks_whether_it_still_may(make_world, status):
    world = make_world(faults=(Fault(on="PUT /orgs/*/networks/*", status=status, retry_after=130, times=1),))
    world.create("network", "x", subnet="10.0.0.0/24")
    assert "still?" not in world.steps
    world.update("network.x", subnet="10.0.1.0/24")
    assert world.steps[-2:] == ["update", "still?"]
    world.read()
    assert world.steps.count("still?") == 1


def test_calls_are_counted_against_the_hour(make_world):
    world = make_world(definition=LabDefinition(settings=Settings(budget=100)))
    world.provider.identity()
    made = world.provider.calls((), None).made
    world.provider.read(NETWORKS)
    calls = world.provider.calls((), None)
    assert calls.made == made + 1 + 4  # and who uses a network
    assert calls.limit == 100
    assert calls.left == 100 - calls.made


def test_no_secret_is_logged(world):
    assert redacted({"ip_config": {"poser_password": "x"}, "psk": "y", "n": ["z"]}) == {
        "ip_config": {"poser_password": "***"}, "psk": "***", "n": ["z"]}  # fmt: skip
    world.create("network", "x", subnet="10.0.0.0/24")
    assert world.logged
    assert not any(world.lab.token in line for line in world.logged)
