"""HTTP exchanges that go wrong on purpose: entries `[[fault]]` of a `lab.toml`, and where they strike.

`on`              required: method (or *) and path below the API's root, "POST /orgs/*/networks"; `*` stands for
                  anything in one segment, `**` for any number of segments
`nth`             first matching call that goes wrong, default 1
`times`           how many from there on, 0 = all, default 1
`status`, `body`  answer this instead of working (body: JSON, or text for the API's usual error)
`page`            with `status`: answer this text as it is instead of JSON, as a proxy does or a service that breaks off
`type`            content type of that text, default "text/html"
`stored`          with `status`: the call is worked on, and the answer is this all the same
`retry_after`     seconds for the Retry-After header of that answer
`drop`            "before" or "after" the change is stored: the connection closes without an answer; "middle": it is
                  stored, and the connection closes when half of the answer has left
`delay`           simulated seconds that pass before the call is worked on
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import attrs

from haplan.lab.estate import Tx
from haplan.lab.exchange import Answer, Cut, Drop, Exchange, Refused, Struck
from haplan.lab.mishaps import next_mishap
from haplan.plugin import Tree


@attrs.frozen(kw_only=True)
class HttpFault:
    """An exchange that goes wrong. Attributes: see the module."""

    on: str = attrs.field()
    nth: int = 1
    times: int = 1
    status: int | None = None
    body: Mapping[str, Tree] | Sequence[Any] | str | None = None
    page: str | None = None
    type: str = "text/html"
    stored: bool = False
    retry_after: int | None = None
    drop: Literal["before", "middle", "after"] | None = None
    delay: float = 0.0

    @on.validator
    def _method_and_path(self, _attribute: object, value: str) -> None:
        if not re.fullmatch(r"(GET|POST|PATCH|PUT|DELETE|\*) /\S*", value):
            methods = "GET, POST, PATCH, PUT, DELETE or *"
            raise ValueError(f"on: {value!r} is not a method ({methods}) and a path below the API's root")


Fault = Mapping[str, Tree]
"""A fault as the estate keeps it."""


def struck(
    tx: Tx,
    exchange: Exchange,
    work: Callable[[], Answer],
    error: Callable[[str], Any],
    begun: Callable[[Fault], None] = lambda fault: None,
) -> Answer | Drop:
    """Work on an exchange, unless a fault strikes it.

    Args:
        work: Answers it, or refuses.
        error: The body of an error of this API with a text.
        begun: Called where a fault strikes, when its delay is over.
    """
    fault = next_mishap(tx, "fault", lambda spec: strikes(spec["on"], exchange))
    if fault is None:
        return handled(tx, work)
    if fault["delay"]:
        tx.let_pass(fault["delay"])
    begun(fault)
    if fault["drop"] == "before":
        return Drop()
    if fault["status"] and not fault["stored"]:
        return _faulty(fault, error)
    answer = handled(tx, work)
    if fault["drop"] == "after":
        return Drop()
    if fault["drop"] == "middle":
        return Cut(answer.body, answer.status, answer.headers, answer.raw)
    return _faulty(fault, error) if fault["status"] else answer


def handled(tx: Tx, work: Callable[[], Answer]) -> Answer:
    """What comes of a call; one that is refused leaves nothing behind."""
    tx.run("savepoint work")
    try:
        answer = work()
    except Refused as refused:
        tx.run("rollback to work")
        answer = refused.answer
    tx.run("release work")
    return answer


def strikes(on: str, exchange: Exchange) -> bool:
    """True if a fault is meant for an exchange: method (or *) and path; see `_glob`."""
    method, _, path = on.partition(" ")
    return method in ("*", exchange.method) and bool(_glob(path).fullmatch(exchange.path))


@functools.lru_cache(1000)
def _glob(path: str) -> re.Pattern[str]:
    """`*` stays within a segment, `**` does not."""
    stars = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(stars.get(part, re.escape(part)) for part in re.split(r"(\*\*?)", path)))


def _faulty(fault: Fault, error: Callable[[str], Any]) -> Answer:
    if fault["page"] is not None:
        return Struck(None, fault["status"], {"Content-Type": fault["type"]}, raw=fault["page"])
    body = fault["body"] if fault["body"] is not None else f"simulated fault {fault['status']}"
    headers = {} if fault["retry_after"] is None else {"Retry-After": str(fault["retry_after"])}
    return Struck(error(body) if isinstance(body, str) else body, fault["status"], headers)
