"""What state backends have in common, whatever they keep a state in: pure functions, and recovery files.

cells      nouns and JSON, as the cells of a table
document   the document of ``haplan state pull`` and ``push``
lease      the rules of the lock
versions   the rules of row versions and of history
recovery   what could not be saved, in a file
location   the URL of a state, for people: without its password
"""
