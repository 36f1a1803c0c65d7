"""A stack on the provider in memory."""

from tests.project import project

__all__ = ("project",)
