"""The secrets of one session: found where their sources say, never kept, and told apart by fingerprint."""

import threading
from collections.abc import Callable, Iterable, Mapping

import attrs

from haplan.errors import HaplanError
from haplan.host.redaction import Redactor
from haplan.host.variables import Variables
from haplan.language.record import close_to
from haplan.model import value as model
from haplan.model.sources import COMMAND
from haplan.model.state import State
from haplan.model.vendor_keys import LITERAL
from haplan.plugins import Plugins


class Secrets:
    """Finds secrets by their sources; what it finds is known to the redactor from then on.

    Threads: any may reveal; what a plugin brings is asked under a lock, so that its author need not think of threads.
    Sensitive outputs are the planning's alone.

    Args:
        plugins: They bring further sources.
        variables: For ``var:`` sources.
        environ: For ``env:`` sources.
        redact: Learns what is found.
        lab: An environment variable that is not set is made up: a simulator takes any secret.
    """

    def __init__(
        self, plugins: Plugins, variables: Variables, environ: Mapping[str, str], redact: Redactor, *, lab: bool
    ) -> None:
        self._plugins, self._variables, self._environ, self._redact, self._lab = (
            plugins,
            variables,
            environ,
            redact,
            lab,
        )
        self._asking = threading.RLock()
        self._hidden: dict[str, str] = {}
        self._made_up: dict[str, str] = {}
        self._commands: set[str] = set()
        self._literals: dict[str, str] = {}
        self.key = b""
        """The key of the state that was loaded last; none before its first save."""

    def allow(self, found: Iterable[str]) -> None:
        """Let these sources run commands: a stack that was run here named them, or this user has allowed it."""
        self._commands.update(found)

    def know(self, literals: Mapping[str, str]) -> None:
        """Secrets that stand in a stack that was run here, by their place."""
        self._literals.update(literals)
        for text in literals.values():
            self._redact.learn(text)

    def reveal(self, source: str) -> str:
        """The secret behind a source.

        Raises:
            HaplanError: It cannot be found; the message never holds it.
        """
        scheme, _, rest = source.partition(":")
        own = {"env": self._from_environment, "text": self._text, LITERAL: self._in_stack}
        if scheme.partition(".")[0] == model.VARIABLE:
            return self._redact.learn(self._variables.words(rest, scheme.partition(".")[2] or "str"))
        if source.startswith(model.OUTPUT):
            return self._said_in_output(rest)
        if source.startswith(COMMAND) and source not in self._commands:
            raise HaplanError("secret command:…: no stack that was loaded here names it; --allow-command lets it run")
        if scheme in own:
            return self._redact.learn(own[scheme](rest))
        with self._asking:
            sources = self._plugins.secret_sources
            if scheme not in sources:
                known = ", ".join(sorted({"env", *sources}))
                raise HaplanError(f"secret {scheme}:…: no such source; there are: {known}")
            return self._redact.learn(str(sources[scheme](rest)))

    def fingerprint(self, state: State) -> Callable[[model.Secret], model.Secret]:
        """Gives a secret its keyed fingerprint; one that cannot be resolved, or has no key yet, keeps none."""

        def keyed(found: model.Secret) -> model.Secret:
            if not state.key:
                return found
            try:
                return attrs.evolve(found, fingerprint=model.fingerprint(state.key, self.reveal(found.source)))
            except HaplanError:
                return found

        return keyed

    def mark(self, text: str) -> str:
        """The keyed fingerprint of a secret that a backend told, and that is hidden from here on; "" without a key."""
        self._redact.learn(text)
        return model.fingerprint(self.key, text) if self.key else ""

    def hider(self) -> Callable[[str, model.Tree], model.Secret]:
        """Takes what stands in plain in a sensitive output, and keeps it for this session alone."""
        self._hidden = {}

        def hide(output: str, leaf: model.Tree) -> model.Secret:
            place = f"{output}#{len(self._hidden)}"
            self._hidden[place] = model.words(leaf)
            return model.Secret(f"{model.OUTPUT}{place}")

        return hide

    def made_up(self) -> list[str]:
        """A line for each environment variable that is not set, and that the lab was given something for."""
        return [line for _, line in sorted(self._made_up.items())]

    def _text(self, parts: str) -> str:
        found = model.pieces(f"{model.TEXT}{parts}")
        return "".join(part if isinstance(part, str) else self.reveal(part.source) for part in found)

    def _in_stack(self, place: str) -> str:
        if place not in self._literals:
            hint = 'write secret("env:NAME") there and plan again'
            raise HaplanError(f"{place}: this secret stands in the stack, which is not run here; {hint}")
        return self._literals[place]

    def _said_in_output(self, place: str) -> str:
        """Not learned for the redactor: no provider is told it, and a word such as "test" would shred every text."""
        if place not in self._hidden:
            raise HaplanError(f"output {place.partition('#')[0]}: its value stands in the stack, which is not run here")
        return self._hidden[place]

    def _from_environment(self, name: str) -> str:
        if name in self._environ:
            return self._environ[name]
        absent, meant = f"secret env:{name}: the environment variable {name} is not set", close_to(name, self._environ)
        if not self._lab:
            raise HaplanError(absent + meant)
        self._made_up[name] = f"{absent}, the lab takes a made-up one{meant}"
        return f"lab-{name}"
