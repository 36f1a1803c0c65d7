"""Carrying transactions out: one file a kind of document; `writer` is what every write needs."""
