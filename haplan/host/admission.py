"""Whether this machine and its user let a plan file reach and run what it names.

Asked before the first byte is sent: about commands and the place of the state when the file is opened, about the hosts
of its providers when it is carried out. A plan of this session's own is not asked about: its stack was run here.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from haplan.errors import Declined, Denied, HaplanError
from haplan.host.backend import usual_state
from haplan.host.provenance import changed_values, composed_sources, recorded_values
from haplan.host.session import Session
from haplan.model.origin import Destination
from haplan.model.plan import Plan
from haplan.model.state import State
from haplan.state.location import shown
from haplan.state.nouns import revive
from haplan.steps import admit as admit_

HOST_PARAMETERS = ("host", "hostaddr")
"""Parameters of a state's URL that name a host, beside the one in front."""


def admit_file(session: Session, plan: Plan, state: str) -> None:
    """Whether a plan file may be looked into the state for; nothing is reached yet.

    Args:
        session: The session that will carry it out.
        plan: The plan.
        state: URL of the state as the command line names it; or "".

    Raises:
        Denied: It runs commands, or keeps its state on a host, that nobody here allowed.
        Declined: The person at the terminal said no.
    """
    admit_.refuse_commands(plan.sources, allowed=session.options.allow_command)
    session.secrets.allow(plan.sources)
    url, hosts = plan.origin.state, hosts_of(plan.origin.state)
    known = {shown(state), shown(usual_state(session.options, session.environ))}
    places = [Destination(provider="state", host=host) for host in hosts]
    if url in known or (plan.origin.lab and all(one.loopback for one in places)):
        return
    unknown = admit_.admit(places, places, admit_.Known({}), session.options.allow_hosts)
    if unknown:
        line = f"this plan keeps its state at {url}, which neither HAPLAN_STATE nor --state names"
        _ask(session, {line: unknown})


def admit(session: Session, plan: Plan, state: State) -> None:
    """Whether a plan file may reach the hosts of its providers.

    Raises:
        Denied: A host is another than the environment or the state names, or nobody here knows it and there is nobody
            to ask; or what is recorded runs a command that nobody allowed.
        Declined: The person at the terminal said no.
    """
    options, keys = session.options, dict.fromkeys([*(t.provider for t in plan.transactions), *plan.identities])
    reached = [
        one
        for key in keys
        for one in session.providers.destinations(key, plan.settings.get(key, {}), changed_values(plan.changes, key))
    ]
    composed = composed_sources(session, keys, state)
    admit_.refuse_commands(composed, allowed=options.allow_command, who="the state")
    session.secrets.allow(composed)
    known = admit_.Known(
        {"the environment": _of_environment(session, keys), "the state": _of_state(session, keys, state)}
    )
    unknown = admit_.admit(plan.destinations, reached, known, options.allow_hosts, lab=options.lab)
    by_key = {key: tuple(one for one in unknown if one.provider == key) for key in keys}
    lines = {admit_.unknown_line(key, found): found for key, found in by_key.items() if found}
    if lines:
        _ask(session, lines)


def _of_environment(session: Session, keys: Iterable[str]) -> tuple[Destination, ...]:
    return tuple(one for key in keys for one in session.providers.usual_destinations(key))


def _of_state(session: Session, keys: Iterable[str], state: State) -> tuple[Destination, ...]:
    """What was sent to by the runs that wrote this state; of what 0.1.0 wrote, by what that recorded beside it."""
    found: list[Destination] = []
    for key in keys:
        kept = state.destinations.get(key, {})
        for name, one in kept.items():
            where = f"destinations.{key}.{name}"
            said = revive(Mapping[str, Any], one, where)
            found.append(revive(Destination, {**said, "provider": key, "name": name}, where))
        if key in state.settings:
            told = session.providers.destinations(key, state.settings[key], recorded_values(state, key))
            found += [one for one in told if one.name not in kept]
    return tuple(found)


def _ask(session: Session, lines: Mapping[str, tuple[Destination, ...]]) -> None:
    if session.confirm is None:
        told = [f"{line}; {admit_.option_for(found)} lets it" for line, found in lines.items()]
        raise Denied("\n".join(told))
    if not session.confirm("\n".join(lines)):
        raise Declined("declined: nothing was changed")


def hosts_of(url: str) -> tuple[str, ...]:
    """The hosts that a state's URL names; none for a file or a local socket."""
    try:
        parts = urlsplit(url)
        front = parts.netloc.rpartition("@")[2]
        named = [value for name, value in parse_qsl(parts.query) if name in HOST_PARAMETERS]
    except ValueError as error:
        raise HaplanError(f"state {url}: {error}") from None
    listed = [host for text in (front, *named) for host in text.split(",")]
    return tuple(dict.fromkeys(host for host in listed if host and not host.startswith("/")))
