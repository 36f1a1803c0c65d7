"""The simulator as a starlette application."""

from starlette.applications import Starlette

from haplan.lab.web import application
from haplan_ssr.lab.admin import admin_routes
from haplan_ssr.lab.estate import Estate
from haplan_ssr.lab.http.router import Router


def app(estate: Estate) -> Starlette:
    """The whole simulator over one estate."""
    return application("/api", Router(estate).pass_through, admin_routes(estate))
