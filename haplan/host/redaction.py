"""Taking secrets out of what others say: errors of providers, lines for the log, events.

A secret is known here from the moment it was resolved; nobody can say it before. Values that a stack or a state holds
need none of this: there a secret is a `haplan.model.value.Secret`.
"""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

import attrs

T = TypeVar("T")

MASK = "(sensitive)"
SHORT = 4
"""A secret of fewer characters is masked only where it stands as a word: else a "1" would shred every text."""


class Redactor:
    """Knows the secrets of one session."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, secret: str) -> str:
        """Remember a secret; gives it back."""
        if secret and secret not in self._known:
            self._known.add(secret)
            self.__dict__.pop("_pattern", None)
        return secret

    def text(self, text: str) -> str:
        """The text with every known secret masked: as it is, or as Python, JSON or a URL would write it."""
        return self._pattern.sub(MASK, text) if self._known else text

    def tree(self, thing: T) -> T:
        """The same noun, mapping or sequence, with every text in it masked."""
        return self._tree(thing) if self._known else thing

    def error(self, error: BaseException | None) -> None:
        """Mask what an error says, and those that led to it."""
        while error is not None and self._known:
            error.args = self._tree(error.args)
            for name, value in vars(error).items():
                setattr(error, name, self._tree(value))
            error = error.__cause__ or error.__context__

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = {form for one in self._known for form in (one, repr(one)[1:-1], json.dumps(one)[1:-1], quote(one))}
        words = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
        return re.compile("|".join(rf"(?<!\w){one}(?!\w)" if len(one) < SHORT else one for one in words))

    def _tree(self, thing: Any) -> Any:
        if isinstance(thing, str):
            return self._pattern.sub(MASK, thing)
        if isinstance(thing, list | tuple):
            return type(thing)(map(self._tree, thing))
        if isinstance(thing, Mapping):
            return {name: self._tree(value) for name, value in thing.items()}
        if attrs.has(type(thing)):
            return attrs.evolve(
                thing, **{f.name: self._tree(getattr(thing, f.name)) for f in attrs.fields(type(thing))}
            )
        return thing
