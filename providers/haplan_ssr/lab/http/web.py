"""The simulator as a starlette application: the conductor's API, and beside it the lab's own surface under /lab."""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from haplan.lab.exchange import Drop, receive_exchange, send_answer
from haplan.lab.server import drop
from haplan_ssr.lab.admin import admin_routes
from haplan_ssr.lab.estate import Estate
from haplan_ssr.lab.http.router import Router


class Api:
    """`/api/v1` as an ASGI application. Works on the loop itself: every exchange is one short transaction."""

    def __init__(self, estate: Estate) -> None:
        self._router = Router(estate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._router.pass_through(await receive_exchange(scope, receive))
        if isinstance(answer, Drop):
            await drop(scope)
        else:
            await send_answer(send, answer.status, answer.content(), {})


def app(estate: Estate) -> Starlette:
    """The whole simulator over one estate."""
    return Starlette(routes=[Mount("/api/v1", app=Api(estate)), Mount("/lab", routes=admin_routes(estate))])
