"""The plugin loads without psycopg, and says what to install only when it is needed."""

import subprocess
import sys

CODE = """
import sys
sys.modules["psycopg"] = None  # as if it were not installed
import haplan_postgres
from haplan.errors import PluginError
from tests.state.samples import FakeClock
print(*sorted(haplan_postgres.haplan_state_backends()))
try:
    haplan_postgres.open_postgres("postgresql://db/net?schema=a", FakeClock())
except PluginError as error:
    print(error)
"""


def test_without_psycopg_the_plugin_loads_and_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=None)
    assert done.stdout.splitlines()[0] == "postgres postgresql", done.stderr
    assert done.stdout.splitlines()[1].startswith("a state in PostgreSQL needs psycopg: install haplan[postgres] (")


def test_loading_the_plugin_does_not_load_psycopg() -> None:
    code = "import haplan_postgres, sys; print('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
