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
        return taking.wrong(at, f"{who} broke: {said(error)}; {REPORT}")
