"""Taking secrets out of what others say: errors of providers, lines for the log, events.

A secret is known here from the moment it was resolved; nobody can say it before. Values that a stack or a state holds
need none of this: there a secret is a `haplan.model.value.Secret`.
"""

import json
import re
import threading
from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import attrs

from haplan.model.entries import in_order
from haplan.model.value import Tree

T = TypeVar("T")

MASK = "(sensitive)"
SHORT = 4
"""A secret of fewer characters is masked only where it stands as a word: else a "1" would shred every text."""


class Redactor:
    """Knows the secrets of one session.

    Threads: any. One that learns takes the lock and puts a new tuple in the place of the old one; those that mask take
    the tuple that is there. What was learned is masked from then on, in whatever thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()
        """How the secrets may be written, the longest first: one may hold another."""

    def learn(self, secret: str) -> str:
        """Remember a secret; gives it back."""
        forms = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret)} if secret else set()
        with self._lock:
            new = forms.difference(self._forms)
            if new:
                known = list(self._forms)
                for form in sorted(new):
                    insort(known, form, key=lambda one: -len(one))
                self._forms = tuple(known)
        return secret

    def text(self, text: str) -> str:
        """The text with every known secret masked: as it is, or as Python, JSON or a URL would write it."""
        return _masked(text, self._forms)

    def tree(self, thing: T) -> T:
        """The same noun, mapping or sequence, with every text in it masked."""
        forms = self._forms
        found: T = _tree(thing, forms) if forms else thing
        return found

    def error(self, error: BaseException | None) -> None:
        """Mask what an error says, and those that led to it."""
        forms = self._forms
        while error is not None and forms:
            error.args = _tree(error.args, forms)
            for name, value in vars(error).items():
                setattr(error, name, _tree(value, forms))
            error = error.__cause__ or error.__context__


def _masked(text: str, forms: Sequence[str]) -> str:
    """What stands between the secrets is looked through for shorter ones; what stands for a secret is not."""
    for at, form in enumerate(forms):
        if form in text:
            parts = text.split(form) if len(form) >= SHORT else re.split(rf"(?<!\w){re.escape(form)}(?!\w)", text)
            return MASK.join(_masked(part, forms[at + 1 :]) for part in parts)
    return text


def _tree(thing: Any, forms: Sequence[str]) -> Tree:
    if isinstance(thing, str):
        return _masked(thing, forms)
    if isinstance(thing, list | tuple):
        return type(thing)(_tree(one, forms) for one in thing)
    if isinstance(thing, Mapping):
        return in_order({name: _tree(value, forms) for name, value in thing.items()}, thing)
    if attrs.has(type(thing)):
        fields = [field for field in attrs.fields(type(thing)) if field.init]
        return attrs.evolve(thing, **{field.alias: _tree(getattr(thing, field.name), forms) for field in fields})
    return thing
