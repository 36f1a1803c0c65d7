"""What a plan says of where it comes from: who made it, where and with what, and what they should know of the state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from haplan import __version__
from haplan.host import lock, repository
from haplan.host.session import Session
from haplan.model import value as model
from haplan.model.origin import Destination, Origin
from haplan.model.plan import Change
from haplan.model.sources import sources
from haplan.model.stack import Stack, Variable
from haplan.model.state import State
from haplan.model.value import Tree
from haplan.state.location import shown
from haplan.state.nouns import plain


def origin(session: Session, inputs: Iterable[str]) -> Origin:
    """Who makes a plan of what, and where it will be carried out; `inputs` are the files that the stack read."""
    found = repository.commit(session.root, inputs)
    return Origin(
        author=lock.who(),
        file=str(session.file),
        commit=found.id,
        clean=found.clean,
        state=shown(session.state_url),
        lab=session.options.lab,
        haplan=__version__,
    )


def destinations(
    session: Session, stack: Stack, keys: Iterable[str], state: State, changes: Sequence[Change]
) -> tuple[Destination, ...]:
    """Where the providers of a plan send to; none on simulators."""
    if session.options.lab:
        return ()
    found: list[Destination] = []
    for key in keys:
        settings = stack.providers[key].settings if key in stack.providers else {}
        resources = chain(recorded_values(state, key), changed_values(changes, key))
        found += session.providers.destinations(key, settings, resources)
    return tuple(found)


def recorded_values(state: State, key: str) -> Iterator[tuple[str, Mapping[str, Tree]]]:
    """(type, values) of what is recorded of a provider."""
    return ((row.type, model.decode(row.values)) for row in state.rows.values() if row.provider_key == key)


def changed_values(changes: Iterable[Change], key: str) -> Iterator[tuple[str, Mapping[str, Tree]]]:
    """(type, values) of what a plan changes of a provider: as it is, and as it is to be."""
    for change in changes:
        if change.provider == key:
            yield from ((change.type, values) for values in (change.before, change.after) if values is not None)


def composed_sources(session: Session, keys: Iterable[str], state: State) -> tuple[str, ...]:
    """Where the secrets come from of all that is recorded and written again together with what changes."""
    composed = [key for key in keys if session.plugins.provider(key.partition(".")[0]).composes]
    return sources([row.values for row in state.rows.values() if row.provider_key in composed])


def shown_variable(session: Session, variable: Variable, state: State) -> model.Tree:
    """A variable as a plan keeps it: a sensitive one by fingerprint."""
    if not variable.sensitive:
        return variable.value
    return session.secrets.fingerprint(state)(model.Secret(model.of_variable(variable.name, variable.kind)))


def settings_without_secrets(stack: Stack) -> dict[str, Mapping[str, Tree]]:
    """Provider settings as a plan keeps them: secrets by where they come from."""
    return {key: plain(block.settings) for key, block in stack.providers.items()}


def plugin_versions(session: Session, providers: Iterable[str], changes: Iterable[Change]) -> dict[str, str]:
    """The plugins that carrying out a plan needs, haplan's own apart."""
    names, types = {key.partition(".")[0] for key in providers}, {change.type for change in changes}
    return {name: version for name, version in session.plugins.needed(names, types).items() if name != "builtin"}


def notes(session: Session, state: State) -> Iterator[str]:
    """Lines for people about the state: who is writing it now, or died doing so, and what is in doubt."""
    holder = session.backend.holder()
    left = ", ".join(sorted(state.unsettled()))
    if holder is not None and not lock.is_dead(session, holder):
        said = f"{holder.who} writes this state now ({holder.what}, lock {holder.id}); its part may still change"
        yield said + (f"; under way: {left}" if left else "")
        return
    if holder is not None:
        yield f"{lock.end_of(session, holder)} and still has the lock; an apply takes it over"
    if left:
        yield f"an earlier run ended in the middle of: {left}; this plan goes on from what is true"
