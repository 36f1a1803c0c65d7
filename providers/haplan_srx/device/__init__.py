"""NETCONF over SSH as Junos speaks it: framing, replies, sessions (RFC 6241, RFC 6242)."""
