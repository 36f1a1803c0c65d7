"""The loads that are under way in this process, in whatever threads: for the command line, which owns the streams.

A module of its own, because nothing else of the language is needed to print a help text.
"""

under_way: set[object] = set()
"""Threads: any; each load puts itself in and takes itself out, and nothing else, which takes no lock."""
