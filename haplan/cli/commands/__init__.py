"""One file a command; the list of files is the list of commands. Each holds one click command named ``command``."""
