"""The organisation: accounts, audit log, stored objects, sites."""
