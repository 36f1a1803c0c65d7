"""The log of a commit tells haplan's own commits from others, and whose document they were for."""

from haplan.model.document import Document
from haplan_srx.translate.log import CommitLog


def test_a_log_is_read_as_it_was_written() -> None:
    log = CommitLog("2026-11-22-0001-ab12", "t07", Document("device", "shop 1: south"))
    assert CommitLog.parse(str(log)) == log


def test_a_device_whose_name_begins_with_anothers_is_not_taken_for_it() -> None:
    log = CommitLog.parse("haplan r1 t01 device:shop10")
    assert log is not None
    assert log.document != Document("device", "shop1")


def test_what_others_write_is_no_log_of_haplans() -> None:
    assert [
        CommitLog.parse(text) for text in ("", "haplan", "haplan is great", "by hand", "haplanr1 t1 device:a x")
    ] == [None] * 5
