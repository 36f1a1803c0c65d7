"""Every verb of a provider goes through the wall: what it raises is named, what it gives is looked at."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan.contracts import (
    AdoptQuery,
    Context,
    Flow,
    LabRequest,
    Part,
    Provider,
    Query,
    Reading,
    Seen,
    Settlement,
    Target,
    Task,
    Written,
)  # fmt: skip
from haplan.errors import HaplanError, ProviderError, Stale, Unauthorized, Unsupported
from haplan.model.plan import Action, Change, Placed, Placement, Transaction
from haplan.model.state import Intent
from haplan.testing import FakeClock
from haplan.wall.provider import REQUIRED, SENDING, VERBS, Behind, behind
from haplan.wall.shapes import Misfit

CHANGE = Change(address="pond_fish.a", type="pond_fish", name="a", provider="pond", action=Action.CREATE, after={})
PLACEMENT = Placement(document="pond:1")
TASK = Task(
    transaction=Transaction(
        id="t1", stage=1, provider="pond", document="pond:1", placed=(Placed(CHANGE.key, PLACEMENT),)
    ),
    parts=(Part(CHANGE, PLACEMENT),),
)
TARGET = Target(address="pond_fish.a", type="pond_fish", name="a")
INTENT = Intent(
    run="r1", transaction="t1", address="pond_fish.a", document="pond:1", provider="pond", step="put", key={}
)
CONTEXT = Context(clock=FakeClock(), environ={}, secret=str, key="pond.deep")
GIVEN: Mapping[str, Any] = {
    "change": CHANGE, "context": CONTEXT, "document": "pond:1", "extra": {}, "intent": INTENT, "io": None,
    "query": Query(targets=(TARGET,)), "request": LabRequest(folder=Path(), definition=None, blocks=()),
    "settings": None, "targets": (TARGET,),
    "task": TASK, "flow": Flow("a", "b"), "tasks": [TASK], "transactions": [TASK], "look": None,
    "type_name": "pond_fish", "adopt query": AdoptQuery(),
}  # fmt: skip
"""By its name in the contract, what each verb is given."""
ABOUT = {
    **dict.fromkeys(["read", "recall", "facts", "placements", "assess", "identify", "snapshot"], "pond_fish.a"),
    **dict.fromkeys(["calls", "rehearse", "write", "settled", "verify", "takes_back", "confirm"], "pond:1"),
    **dict.fromkeys(["revert", "wire"], "pond:1"),
    "check_extra": "pond_fish",
}
"""Verb → what an error of it names beside the provider."""
ANYTHING = ("close", "confirm", "recall")
FITTING = (("rehearse", type(None)), ("identify", type(None)), ("settled", dict), ("keeps", dict))
"""What is of the shape of a verb among all that is tried."""


@attrs.frozen
class Settings:
    """The pond needs none."""


def pond(**verbs: Callable[..., Any]) -> type[Provider]:
    """A provider whose verbs do as told; behind the wall."""
    static = {name for name in VERBS if isinstance(inspect.getattr_static(Provider, name), classmethod)}
    usual: dict[str, Any] = {
        "name": "pond",
        "config": Settings,
        "open": lambda cls, *given: cls(),
        "identity": lambda self: {"kind": "pond", "id": "1", "name": "one"},
        "read": lambda self, query: Reading(seen={}),
        "write": lambda self, task, io: Written(),
    }
    own = {name: classmethod(verb) if name in static else verb for name, verb in {**usual, **verbs}.items()}
    return behind(type("Pond", (Provider,), {**own, "name": "pond", "config": Settings}))


def ask(cls: type[Provider], verb: str) -> Any:
    """Ask one verb with what its contract names."""
    static = isinstance(inspect.getattr_static(Provider, verb), classmethod)
    of = cls if static else cls.open(None, CONTEXT)
    names = [name for name in inspect.signature(getattr(Provider, verb)).parameters if name != "self"]
    return getattr(of, verb)(*(GIVEN.get(f"{verb} {name}", GIVEN.get(name)) for name in names))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("error", [KeyError("oops"), SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
def test_what_a_verb_raises_is_named_with_what_it_was_about(verb: str, error: BaseException) -> None:
    def breaks(*given: Any, **more: Any) -> Any:
        raise error

    with pytest.raises(ProviderError) as told:
        ask(pond(**{verb: breaks}), verb)
    on_class = inspect.ismethod(getattr(Provider, verb)) and verb != "open"
    about = f" of {ABOUT[verb]}" if verb in ABOUT else ""
    assert str(told.value).startswith(f"provider {'pond' if on_class else 'pond.deep'!r}: {verb}{about} broke: ")
    assert str(told.value).endswith("; report it to its author")
    assert told.value.lost == (verb in SENDING)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("error", [ProviderError("no such pond", lost=True), Stale("moved"), Unauthorized("401")])
def test_what_speaks_the_engines_errors_passes_as_it_is(verb: str, error: HaplanError) -> None:
    def refuses(*given: Any, **more: Any) -> Any:
        raise error

    with pytest.raises(type(error)) as told:
        ask(pond(**{verb: refuses}), verb)
    assert told.value is error


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("answer", [None, 7, object(), {"a": 1}, "text"])
def test_what_is_not_of_its_shape_is_named(verb: str, answer: Any) -> None:
    if verb in ANYTHING or (verb, type(answer)) in FITTING:
        return
    with pytest.raises(ProviderError, match=rf"provider .*: {verb}( of .*)? gave .*, where .* is due; report it"):
        ask(pond(**{verb: lambda *asked: answer}), verb)


@pytest.mark.parametrize("verb", REQUIRED)
def test_a_verb_that_every_provider_has_and_this_one_lacks_is_told_too(verb: str) -> None:
    opens = {} if verb == "open" else {"open": classmethod(lambda cls, *given: cls())}
    with pytest.raises(Unsupported) as told:
        ask(behind(type("Pond", (Provider,), {"name": "pond", "config": Settings, **opens})), verb)
    assert str(told.value) == f"provider 'pond' cannot do this: it has no {verb}"
    assert not told.value.lost


def test_verbs_that_the_provider_does_not_have_are_the_contracts_own() -> None:
    assert set(vars(pond())).intersection(VERBS) == set(REQUIRED)
    assert pond().verify is Provider.verify
    assert pond(verify=lambda self, task: ()).verify is not Provider.verify


def test_ctrl_c_is_no_fault_of_a_plugin_unless_it_presses_it_itself_in_a_thread() -> None:
    def presses(*given: Any) -> Any:
        raise KeyboardInterrupt

    cls = pond(read=presses)
    with pytest.raises(KeyboardInterrupt):
        ask(cls, "read")
    told: list[BaseException] = []

    def in_thread() -> None:
        try:
            ask(cls, "read")
        except BaseException as error:
            told.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert [type(error) for error in told] == [ProviderError]


# --- Answers ----------------------------------------------------------------------------------------------------------


def read(**seen: Any) -> Reading:
    found: Reading = ask(
        pond(read=lambda self, query: Reading(seen={name.replace("__", "."): one for name, one in seen.items()})),
        "read",
    )
    return found


def test_what_is_wrong_with_one_target_is_told_of_that_one() -> None:
    for bad in (
        Seen(address="pond_fish.a", id="1", values={"size": object()}),
        Seen(address="pond_fish.a", id="", values={}),
        Seen(address="pond_fish.b", id="1", values={}),
        Seen(address="pond_fish.a", id=1, values={}),  # type: ignore[arg-type]
        None,
    ):
        found = read(pond_fish__a=bad)
        assert found.seen == {}
        assert found.unread["pond_fish.a"].startswith("provider 'pond.deep': read of pond_fish.a gave ")


def test_an_address_that_was_not_asked_about_is_refused() -> None:
    strange = {"pond_fish.z": Seen(address="pond_fish.z", id="1", values={})}
    for verb, answer in (
        ("read", Reading(seen=strange)),
        ("read", Reading(seen={}, unread={"pond_fish.z": "away"})),
        ("facts", {"pond_fish.z": {}}),
        ("write", Written(ids={"pond_fish.z": "1"})),
        ("write", Written(values={"pond_fish.z": {}})),
        ("write", Written(private={"pond_fish.z": {}})),
    ):
        with pytest.raises(ProviderError, match=r"'pond_fish\.z', which was not asked about"):
            ask(pond(**{verb: lambda *asked, answer=answer: answer}), verb)


@pytest.mark.parametrize(
    "answer",
    [
        (),
        [Placement(document="a"), Placement(document="")],
        [Placement(document="a"), Placement(document="a")],
        "pond:1",
        [None],
    ],
)
def test_a_change_is_placed_somewhere_and_each_part_once(answer: Any) -> None:
    with pytest.raises(ProviderError, match=r"placements of pond_fish\.a gave"):
        ask(pond(placements=lambda *asked: answer), "placements")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"t1": None},
        {"t1": Settlement(state="over")},  # type: ignore[arg-type]
        {"t2": Settlement(state="done")},
    ],
)
def test_every_transaction_that_was_asked_about_is_answered(answer: Any) -> None:
    found = ask(pond(settled=lambda *asked: answer), "settled")
    assert list(found) == ["t1"]
    assert found["t1"].state == "unanswered"
    assert found["t1"].text.startswith("provider 'pond.deep': settled of pond:1 ")


@pytest.mark.parametrize("answer", [{}, {"kind": "p", "id": "", "name": "x"}, {"kind": "p", "id": 7, "name": "x"}])
def test_an_estate_is_known_by_its_id(answer: Any) -> None:
    with pytest.raises(ProviderError, match=r"provider 'pond\.deep': identity gave"):
        ask(pond(identity=lambda self: answer), "identity")


# --- What a provider says of itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"confirmed": "yes"}, {"types": "pond_fish"}, {"config": dict}, {"name": 7}])
def test_what_a_class_says_of_itself_is_looked_at(said: Mapping[str, Any]) -> None:
    plain = {"name": "pond", "config": Settings}
    with pytest.raises(Misfit, match=next(iter(said))):
        behind(type("Pond", (Provider,), {**plain, **said}))
    with pytest.raises(Misfit, match="Pond without name"):
        behind(type("Pond", (Provider,), {"config": Settings}))


def test_seconds_may_be_set_as_it_goes_and_nonsense_leaves_the_last() -> None:
    cls = pond(open=lambda cls, *given: cls())
    opened: Any = cls.open(None, CONTEXT)
    assert (opened.poll_seconds, opened.write_seconds) == (30.0, 30.0)
    opened.inner.poll_seconds = 5.0
    assert opened.poll_seconds == 5.0
    opened.inner.poll_seconds = "soon"
    assert opened.poll_seconds == 5.0
    assert isinstance(opened, Behind)
