"""Documents: one text for each, one document for each text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.document import Document

kinds = st.just("") | st.from_regex(r"[a-z][a-z0-9_-]*", fullmatch=True)
names = st.text(alphabet=st.sampled_from('ab:" .-_Ü'), max_size=8) | st.text()
documents = st.builds(Document, kinds, names)


@given(documents)
def test_a_document_is_read_from_its_text_as_it_was(document: Document) -> None:
    assert Document.parse(str(document)) == document


@given(documents, documents)
def test_no_two_documents_have_one_text(one: Document, other: Document) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(st.text() | st.text(alphabet=st.sampled_from("ab: ")))
def test_every_text_names_a_document(text: str) -> None:
    assert Document.parse(str(Document.parse(text))) == Document.parse(text)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("gatewaytemplate:ha-spoke", "gatewaytemplate", "ha-spoke"),
        ("site:a:b", "site", "a:b"),
        ("authority", "", "authority"),
        ("mem_thing.a", "", "mem_thing.a"),
        ('site."Store: 42"', "", 'site."Store: 42"'),
        ("Shop 7: south", "", "Shop 7: south"),
        ("device:", "device", ""),
    ],
)
def test_a_kind_has_no_colon_so_all_behind_the_first_is_the_name(text: str, kind: str, name: str) -> None:
    assert Document.parse(text) == Document(kind, name)
    assert str(Document(kind, name)) == text


def test_a_kind_is_one_plain_word() -> None:
    with pytest.raises(ValueError, match="no kind of document"):
        Document("Two words", "x")
