"""What a plan says of where it comes from: who made it, where and with what, and what they should know of the state."""

import os
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any

from haplan import __version__
from haplan.host.session import Session
from haplan.model import value as model
from haplan.model.plan import Change
from haplan.model.stack import Stack, Variable
from haplan.model.state import State
from haplan.state.location import shown
from haplan.steps.approve import plain


def who() -> str:
    """user@host, for people to read."""
    import getpass

    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"{os.getuid()}@{socket.gethostname()}"


def made(session: Session) -> dict[str, Any]:
    """What stands beside a plan's body: how, where and by whom it was made."""
    return {
        "at": time.time(),
        "by": who(),
        "haplan": __version__,
        "file": str(session.file),
        "state": shown(session.state_url),
        "lab": session.options.lab,
    }


def shown_variable(session: Session, variable: Variable, state: State) -> model.Tree:
    """A variable as a plan keeps it: a sensitive one by fingerprint."""
    if not variable.sensitive:
        return variable.value
    return session.secrets.fingerprint(state)(model.Secret(model.of_variable(variable.name, variable.kind)))


def settings_without_secrets(stack: Stack) -> dict[str, Mapping[str, Any]]:
    """Provider settings as a plan keeps them: secrets by where they come from."""
    return {key: plain(block.settings) for key, block in stack.providers.items()}


def plugin_versions(session: Session, providers: Iterable[str], changes: Iterable[Change]) -> dict[str, str]:
    """The plugins that carrying out a plan needs, haplan's own apart."""
    names, types = {key.partition(".")[0] for key in providers}, {change.type for change in changes}
    return {name: version for name, version in session.plugins.needed(names, types).items() if name != "builtin"}


def notes(session: Session, state: State) -> tuple[str, ...]:
    """Lines for people about the state: who is writing it now, what a dead run left."""
    holder = session.backend.holder()
    if holder is not None and holder.until > session.backend.now():
        return (f"{holder.who} writes this state now ({holder.what}, lock {holder.id}); its part may still change",)
    left = sorted(state.unsettled())
    return (
        (f"an earlier run ended in the middle of: {', '.join(left)}; this plan goes on from what is true",)
        if left
        else ()
    )
