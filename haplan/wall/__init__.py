"""The wall around plugins: every call into one goes through it.

What a plugin raises becomes an error that names the plugin, the verb and what it was about; what it gives is looked at
before anybody uses it, and comes out as plain values that no code of the plugin changes any more.
"""
