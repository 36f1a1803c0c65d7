"""A client of an HTTP service: what is sent again and what never, the call budget, a masked log, errors in words.

A read, and a write that may be done twice, are sent again with jitter, no sooner than ``Retry-After`` says. Any other
write is sent again only where the service never took it: it was not reached, or the budget was used up. A client
subclasses `HttpClient` and knows its service: how to prove who calls, what an error says, how pages follow one another.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, ClassVar

import attrs

from haplan.kit.budget import Budget
from haplan.kit.calls import Answer, ApiError, Call, Endpoint, Lost, NoAnswer, redacted
from haplan.kit.tls import OTHER, distrust, plain, trust
from haplan.plugin import Clock, ProviderError, Tree

if TYPE_CHECKING:  # imported where a client is made: no plan of another provider waits for it
    import httpx

LONGEST_WAIT = 3700.0
"""Seconds that a service may ask to wait: no budget is longer than an hour."""


TOO_LATE = 408
"""What a proxy says whose patience ended before the service answered."""


class _NoAnswer(Exception):
    """The transport failed; `sent` is False where the service saw nothing of the call, `again` where it stays so."""

    def __init__(self, reason: str, *, sent: bool = True, again: bool = True) -> None:
        super().__init__(reason)
        self.sent, self.again = sent, again


@attrs.frozen
class _Trouble:
    """What came instead of a yes or a no: the error that it is after so many tries."""

    error: ProviderError
    tries: int


def silent(_line: str) -> None:
    """Takes a line and tells nobody."""


class HttpClient:
    """Calls of one service, counted, and with `calls_a_second` no more of them in a second.

    Class attributes:
        name: The provider's.
        root: Path that all calls are below.
        check: What a person looks at when nobody is reached.
        trusting: What a person does about a certificate that is not trusted.
        attempts: How often a call is tried that may be sent again.
        connects: How often it is tried to reach the service.
        unknown: Ends the message of a lost answer.

    Attributes:
        budget: Calls made and left.
    """

    name: ClassVar[str]
    root: ClassVar[str] = ""
    check: ClassVar[str] = "the network"
    trusting: ClassVar[str] = "give its CA as ca_file="
    attempts: ClassVar[int] = 5
    connects: ClassVar[int] = 3
    unknown: ClassVar[str] = "; it is not known whether it was done"

    def __init__(
        self, endpoint: Endpoint, clock: Clock, *, log: Callable[[str], None] = silent,
        tell: Callable[[str], None] = silent, transport: "httpx.BaseTransport | None" = None,
        calls_a_second: float = 0.0,
    ) -> None:  # fmt: skip
        self.budget = Budget(clock, calls_a_second)
        self._endpoint, self._clock, self._log, self._tell = endpoint, clock, log, tell
        self._random = random.Random()
        self._asking = threading.local()
        self._http = _http(self.name, endpoint, transport)

    @property
    def made(self) -> int:
        """Calls made so far."""
        return self.budget.made

    @contextmanager
    def asking(self, still: Callable[[], None]) -> Iterator[None]:
        """For what this thread writes: ask `still` before a call that waited is sent, or one is sent again."""
        self._asking.still = still
        try:
            yield
        finally:
            del self._asking.still

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    # --- what a service has its own way of ---

    def send(self, call: Call) -> Answer:
        """Send a call once, with what proves who calls."""
        return self.exchange(call)

    def answered(self, call: Call, answer: Answer) -> Tree:
        """What comes of an answer that is a yes or a no; raises for a no."""
        if answer.status < 300:
            return answer.body
        raise self.refused(call, answer)

    def clear(self, call: Call, answer: Answer) -> bool:
        """True if an answer says yes or no whatever its status is."""
        return False

    def detail(self, answer: Answer) -> str:
        """What an error says."""
        return answer.line

    def subject(self, call: Call) -> str:
        """Begins a message."""
        return f"{call.what}: " if call.what else ""

    def named(self, call: Call) -> str:
        """A call in a message."""
        return f"{self.subject(call)}{call.method} {call.path}"

    def refusal(self, call: Call, answer: Answer) -> str:
        """The sentence about an answer that is no yes."""
        return f"{self.named(call)} was answered with {answer.status}: {self.detail(answer)}"

    def refused(self, call: Call, answer: Answer) -> ApiError:
        """The error that a no is."""
        detail = self.detail(answer)
        return ApiError(self.refusal(call, answer), status=answer.status, detail=detail, body=answer.body)

    # --- a call ---

    def call(self, call: Call) -> Tree:
        """Carry out a call.

        Raises:
            NoAnswer: Nothing was done.
            ApiError: The service said no.
            Lost: It is not known whether it was done.
        """
        attempt = 0
        while True:
            attempt += 1
            waited = self.budget.wait(self._tell)
            if (waited or attempt > 1) and not call.reads:
                getattr(self._asking, "still", bool)()
            answer: Answer | None = None
            try:
                answer = self.send(call)
                trouble = None if self.clear(call, answer) else self._unclear(call, answer)
            except _NoAnswer as error:
                trouble = self._unanswered(call, error)
            if answer is not None and trouble is None:
                return self.answered(call, answer)
            if trouble is not None and attempt >= trouble.tries:
                raise trouble.error
            self._pause(attempt, answer)

    def exchange(self, call: Call, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a call once, as it is, and read its answer whole."""
        import httpx

        self.budget.count()
        url = f"{self.root}{call.path}"
        content = {} if call.body is None else {"Content-Type": "application/json"}
        request = self._http.build_request(
            call.method, url, params={key: _text(value) for key, value in call.params.items()} or None,
            content=None if call.body is None else json.dumps(call.body), headers={**content, **(headers or {})},
        )  # fmt: skip
        started = self._clock.now()
        try:
            answer = self._read(self._http.send(request, stream=True))
        except httpx.RequestError as error:
            self._log(f"{call.method} {url} no answer: {type(error).__name__}")
            never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
            reason = str(error) or type(error).__name__
            untrusted = "certificate" in reason.lower() or OTHER in reason
            raise _NoAnswer(reason, sent=not isinstance(error, never), again=not untrusted) from None
        took = (self._clock.now() - started) * 1000
        sent = "" if call.body is None else f" {json.dumps(redacted(call.body), ensure_ascii=False)}"
        self._log(f"{call.method} {request.url.raw_path.decode()} {answer.status} {took:.0f} ms{sent}")
        return answer

    def _read(self, response: "httpx.Response") -> Answer:
        content, most = bytearray(), self._endpoint.largest
        try:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > most:
                    raise _NoAnswer(f"it answers with more than {most / 2**20:.0f} MiB", again=False)
        finally:
            response.close()
        text = content.decode(response.encoding or "utf-8", "replace")
        status, reason = response.status_code, response.reason_phrase
        return Answer(status=status, reason=reason, headers=response.headers, text=text, body=_parsed(text))

    # --- what is neither a yes nor a no ---

    def unreached(self, call: Call, reason: str) -> str:
        """The sentence about a service that nobody reaches."""
        said = distrust(self._endpoint.host, reason, self.trusting)
        return self.subject(call) + (said or f"cannot reach {self._endpoint.url}: {plain(reason)}; check {self.check}")

    def _unanswered(self, call: Call, error: _NoAnswer) -> _Trouble:
        if not error.sent:
            # as good for a POST as for a GET
            return _Trouble(NoAnswer(self.unreached(call, str(error))), self.connects if error.again else 1)
        reason = f"{self.named(call)}: no answer from {self._endpoint.host} ({error})"
        told = NoAnswer(reason) if call.reads else Lost(f"{reason}{self.unknown}")
        return _Trouble(told, self.attempts if call.again and error.again else 1)

    def _unclear(self, call: Call, answer: Answer) -> _Trouble | None:
        """None for a yes or a no."""
        if answer.status == 429:
            spent = f"{self.subject(call)}the call budget of the token is used up; try again after the full hour"
            return _Trouble(NoAnswer(spent), self.attempts if _asked(answer, self._clock) <= LONGEST_WAIT else 1)
        if answer.status >= 500 or answer.status == TOO_LATE:
            again = call.again and _asked(answer, self._clock) <= LONGEST_WAIT
            return _Trouble(self._failed(call, answer), self.attempts if again else 1)
        strange = answer.body is None and answer.text and (call.reads or _spoilt(answer))
        return _Trouble(self._failed(call, answer), 1) if strange and answer.status < 300 else None

    def _failed(self, call: Call, answer: Answer) -> ApiError:
        said = self.refusal(call, answer)
        what = {"status": answer.status, "detail": self.detail(answer), "body": answer.body}
        if call.reads:
            return ApiError(f"{said}; try again later", **what)
        return Lost(f"{said}; its outcome is unknown", **what)

    def _pause(self, attempt: int, answer: Answer | None) -> None:
        asked = 0.0 if answer is None else _asked(answer, self._clock)
        if answer is not None and answer.status == 429:
            self.budget.used_up(asked or 5.0 * 2**attempt)
        elif asked > 0:
            self.budget.pause(asked, f"{self._endpoint.host} asks for it")
        else:
            self._clock.sleep(2 ** (attempt - 1) * (0.5 + self._random.random()))


def _http(name: str, endpoint: Endpoint, transport: "httpx.BaseTransport | None") -> "httpx.Client":
    import httpx

    away = not endpoint.loopback
    plain = endpoint.url.startswith("http://")  # nothing to trust: the certificates need not be read
    return httpx.Client(
        base_url=endpoint.url, transport=transport, headers={"Accept": "application/json"},
        timeout=httpx.Timeout(endpoint.timeout or None, connect=endpoint.connect),
        verify=not plain and trust(name, endpoint.ca_file, endpoint.fingerprint, verify=endpoint.verify),
        proxy=endpoint.proxy or None if away else None, trust_env=endpoint.proxies and away,
        limits=httpx.Limits(max_connections=16),
    )  # fmt: skip


def _text(value: Tree) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spoilt(answer: Answer) -> bool:
    """True if a text is a page of somebody's in between, or was JSON and broke off."""
    kind = answer.headers.get("Content-Type", "")
    return "html" in kind or "json" in kind


def _asked(answer: Answer, clock: Clock) -> float:
    """Seconds that the service asks to wait; 0 where it does not."""
    given = answer.headers.get("Retry-After", "").strip()
    try:
        return float(given) if given[:1].isdigit() else max(0.0, _instant(given) - clock.now())
    except ValueError:
        return 0.0


def _instant(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() if date else 0.0


def _parsed(text: str) -> Tree:
    # error bodies may be empty or no JSON at all
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
