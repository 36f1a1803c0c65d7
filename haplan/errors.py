"""Every error haplan expects, each with the exit code that the command line ends with.

    HaplanError                1  something is wrong; nothing was changed
    ├── StackError             1  the stack's author: one or more mistakes, each with file:line
    ├── PluginError            1  a plugin is broken, missing or clashes with another
    ├── ProviderError          1  a backend refused or could not be reached
    │   ├── Unauthorized       1  the credentials are not accepted: the whole run stops
    │   └── Unsupported        1  a provider does not have the verb that is asked of it
    ├── Several                1  several that are apart, each told; the code of the first that has another
    ├── StateError             1  the state cannot be read
    ├── PlanFileError          1  a plan file is damaged or was tampered with
    ├── Denied                 4  a rule, a limit or an approval says no
    ├── Stale                  5  something moved since the plan
    ├── OtherEstate            5  the state belongs to another organisation
    ├── Locked                 6  somebody else is writing this state
    ├── Interrupted            7  asked to stop before anything was begun
    ├── Abandoned              8  left at once, in the middle of writes whose outcome is not known
    ├── StateNotSaved          9  the state could not be saved; a recovery file was written
    └── Declined              11  the person at the prompt said no

A message is one line: what happened, on which address, what to do next.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haplan.model.finding import Finding


MANY = 20
"""So many lines of one error are read; what is more of the kind is counted."""


class HaplanError(Exception):
    """An expected error: shown as one line, without a traceback.

    Attributes:
        names: Whom its text names already: the key of a provider such as ``mist.east``, or "".
    """

    exit_code: int = 1
    names: str = ""


class StackError(HaplanError):
    """One or more mistakes in a stack, all reported together.

    Attributes:
        mistakes: One line each, beginning with ``file:line``.
        part: The stack as far as it could be put together, for what else is wrong with it; or None.
        about: The lines and addresses that the mistakes are about.
    """

    def __init__(self, mistakes: Sequence[str], part: object = None, about: Collection[str] = ()) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)
        self.part = part
        self.about = frozenset(about)


class PluginError(HaplanError):
    """A plugin is broken, missing, or claims a name that another plugin has."""


class ProviderError(HaplanError):
    """A backend refused a request or could not be reached. What it said of that in many lines stands on one.

    Attributes:
        lost: True when a write was sent and its answer never came: its outcome is unknown.
    """

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__("; ".join(line.strip() for line in message.splitlines() if line.strip()))
        self.lost = lost


class Unauthorized(ProviderError):
    """The backend does not accept the credentials: nothing else can succeed in this run."""


class Unsupported(ProviderError):
    """A provider cannot do what is asked of it: its class leaves the verb out. Nothing was sent.

    Attributes:
        provider: Its name.
        verb: What was asked.
    """

    def __init__(self, provider: str, verb: str) -> None:
        super().__init__(f"provider {provider!r} cannot do this: it has no {verb}")
        self.provider = provider
        self.verb = verb


class StateError(HaplanError):
    """The state is damaged, or newer than this haplan."""


class PlanFileError(HaplanError):
    """A plan file cannot be read, or is not what was written."""


class Denied(HaplanError):
    """A rule, a limit, a window or an approval forbids going on.

    Attributes:
        findings: What the rules found, errors and others, where a rule is what forbids it.
    """

    exit_code = 4

    def __init__(self, message: str, findings: Sequence["Finding"] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class Stale(HaplanError):
    """State or estate moved since the plan was made."""

    exit_code = 5


class OtherEstate(HaplanError):
    """State or plan belong to another organisation than the one the credentials reach."""

    exit_code = 5


class Locked(HaplanError):
    """Another run holds the lock of this state.

    Attributes:
        said: Who holds it, without what to do about it.
    """

    exit_code = 6

    def __init__(self, said: str, hint: str = "") -> None:
        super().__init__(f"{said}; {hint}" if hint else said)
        self.said = said


class Interrupted(HaplanError):
    """Asked to stop before anything was begun."""

    exit_code = 7


class Abandoned(HaplanError):
    """Ctrl-C twice: left at once while writes were under way. Each was announced, so the next run finds out."""

    exit_code = 8


class StateNotSaved(HaplanError):
    """The state could not be saved; what was to be saved is in a recovery file.

    Attributes:
        file: The recovery file; None if nothing was to be kept, or there was no room for it.
    """

    exit_code = 9

    def __init__(self, message: str, file: Path | None = None) -> None:
        super().__init__(message)
        self.file = file


class Declined(HaplanError):
    """The question was answered with no."""

    exit_code = 11


# --- Several at once --------------------------------------------------------------------------------------------------


class Several(HaplanError):
    """What went wrong in several things that have nothing to do with one another: each is told.

    Attributes:
        errors: All of them.
    """

    def __init__(self, errors: Sequence[HaplanError]) -> None:
        lines = list(dict.fromkeys(str(error) for error in errors))
        more = [f"and {len(lines) - MANY} more of the kind"] if len(lines) > MANY else []
        super().__init__("\n".join([*lines[:MANY], *more]))
        self.errors = tuple(errors)
        self.exit_code = next((error.exit_code for error in errors if error.exit_code != 1), 1)


class Gathering:
    """Collects what goes wrong in each of several attempts, so that all of it is told and not the first alone.

        gathering = Gathering()
        for key, provider in providers.items():
            with gathering:
                found[key] = provider.identity()
        gathering.refuse()

    Threads: one, that of the attempts.
    """

    def __init__(self) -> None:
        self._errors: list[HaplanError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, HaplanError):
            self._errors.append(error)
            return True
        return False

    def refuse(self) -> None:
        """Go no further if anything went wrong.

        Raises:
            HaplanError: What did, all of it.
        """
        if len({str(error) for error in self._errors}) > 1:
            raise Several(self._errors)
        if self._errors:
            raise self._errors[0]


REPORT = "report it to its author"
"""What to do about a plugin's fault."""


def said(error: BaseException) -> str:
    """An error in one line."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # even that is the plugin's code
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
