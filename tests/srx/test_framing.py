"""Both framings, whatever the pieces in which a message arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.errors import ProviderError
from haplan_srx.device.framing import Unframer, framed

MESSAGES = st.lists(st.binary(min_size=1, max_size=60).filter(lambda one: one.strip() == one and b"]]>" not in one))


@given(MESSAGES, st.sampled_from(["end", "chunks"]), st.integers(1, 9))
def test_messages_arrive_as_they_were_sent_in_pieces_of_any_size(
    messages: list[bytes], framing: str, size: int
) -> None:
    reader = Unframer()
    reader.framing = framing  # type: ignore[assignment]  # one of the two
    stream, found = b"".join(framed(one, reader.framing) for one in messages), []
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
        while (message := reader.next()) is not None:
            found.append(message)
    assert found == messages


def test_a_message_in_several_chunks_is_one() -> None:
    reader = Unframer()
    reader.framing = "chunks"
    reader.feed(b"\n#4\n<rpc\n#5\n-repl\n#3\ny/>\n##\n")
    assert reader.next() == b"<rpc-reply/>"


def test_a_newline_behind_the_hellos_mark_is_no_chunk() -> None:
    reader = Unframer()
    reader.feed(b"<hello/>]]>]]>\n")
    assert reader.next() == b"<hello/>"
    reader.framing = "chunks"
    reader.feed(b"\n#2\nok\n##\n")
    assert reader.next() == b"ok"


def test_what_is_no_chunk_is_said_to_be_none() -> None:
    reader = Unframer()
    reader.framing = "chunks"
    reader.feed(b"\nSorry, the line is busy\n")
    with pytest.raises(ProviderError, match="no NETCONF chunk"):
        reader.next()


@pytest.mark.parametrize(
    ("start", "more"), [(b"<rpc-reply>", b"x" * 50), (b"\n#9999999999\n", b"x" * 50), (b"", b"\n#5\n01234")]
)
def test_a_message_that_never_ends_is_refused(start: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haplan_srx.device.framing.LARGEST", 1000)
    reader = Unframer()
    reader.framing = "end" if start.startswith(b"<") else "chunks"
    reader.feed(start)

    def read_on() -> None:
        while reader.next() is None:
            reader.feed(more)

    with pytest.raises(ProviderError, match="what arrives has no end: more than 0 MB in one message"):
        read_on()
