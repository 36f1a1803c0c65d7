"""Documents: what a backend takes as one piece, such as a template, a device's configuration or a candidate."""

import re
from collections.abc import Iterable
from typing import Self

import attrs

_KIND = re.compile(r"[a-z][a-z0-9_-]*\Z")


@attrs.frozen(order=True)
class Document:
    """The name of a document.

    In plans, states and journals it is one text, ``kind:name``. That names one document whatever stands in its name,
    because a kind has no colon; of a text that begins with no kind, all is the name.

    Attributes:
        kind: Such as ``gatewaytemplate``; "" where the name alone says it, as the address of a resource does.
        name: Its name, any text.
    """

    kind: str = attrs.field()
    name: str

    @kind.validator
    def _check(self, _: object, kind: str) -> None:
        if kind and not _KIND.match(kind):
            raise ValueError(f"{kind!r} is no kind of document; write small letters, as in gatewaytemplate")

    def __str__(self) -> str:
        if self.kind or _split(self.name) != ("", self.name):
            return f"{self.kind}:{self.name}"
        return self.name

    @classmethod
    def parse(cls, text: str) -> Self:
        """The document of a text."""
        return cls(*_split(text))


def called(documents: Iterable[Document]) -> dict[Document, str]:
    """Documents as a person calls them: those of one kind by their names alone, ``shop1`` for ``device:shop1``."""
    found = sorted({*documents})
    one_kind = len({document.kind for document in found}) == 1
    return {document: document.name if one_kind else str(document) for document in found}


def said(documents: Iterable[Document]) -> str:
    """Their names in a sentence: ``c1``, ``c1 and c2``, ``c1, c2 and c3``."""
    *first, last = called(documents).values()
    return f"{', '.join(first)} and {last}" if first else last


def as_document(given: Document | str) -> Document:
    """A document, or the one that a text names."""
    return Document.parse(given) if isinstance(given, str) else given


def _split(text: str) -> tuple[str, str]:
    kind, colon, name = text.partition(":")
    return (kind, name) if colon and (not kind or _KIND.match(kind)) else ("", text)
