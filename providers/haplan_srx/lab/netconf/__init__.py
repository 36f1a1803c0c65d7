"""NETCONF over SSH as a server."""
