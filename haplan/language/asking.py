"""What a type's own code is asked while a stack loads: where it breaks, a mistake says whose it is."""

from collections.abc import Callable

from haplan.errors import REPORT, HaplanError, said
from haplan.language.taking import Taking
from haplan.model.value import Tree


def asked(who: str, at: str, taking: Taking, ask: Callable[[], Tree]) -> Tree:
    """What the type's own code makes of it, or `BROKEN`; `who` names the type."""
    try:
        return ask()
    except HaplanError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's code
        return broke(who, at, taking, error)


def broke(who: str, at: str, taking: Taking, error: BaseException) -> Tree:
    """Record that a type's own code broke."""
    return taking.wrong(at, f"{who} broke: {said(error)}; {REPORT}")
