"""A simulator as a starlette application: the product's API, and beside it the lab's own surface under /lab."""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from haplan.lab.exchange import Answer, Cut, Drop, Exchange, receive_exchange, send_answer
from haplan.lab.server import drop

Record = Callable[[Exchange, Answer, bytes], None]
"""Takes what was asked and answered."""


class Api:
    """An API as an ASGI application. Works on the loop itself: every exchange is one short transaction."""

    def __init__(self, answer: Callable[[Exchange], Answer | Drop], record: Record | None) -> None:
        self._answer, self._record = answer, record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await receive_exchange(scope, receive)
        answer = self._answer(exchange)
        if isinstance(answer, Drop):
            await drop(scope)
            return
        content = answer.content()
        if self._record is not None:
            self._record(exchange, answer, content)
        await send_answer(send, answer.status, content, answer.headers, half=isinstance(answer, Cut))
        if isinstance(answer, Cut):
            await drop(scope)


def application(
    root: str, answer: Callable[[Exchange], Answer | Drop], surface: Sequence[BaseRoute], record: Record | None = None
) -> Starlette:
    """The whole simulator; `root` is the path of its API."""
    return Starlette(routes=[Mount(root, app=Api(answer, record)), Mount("/lab", routes=list(surface))])
