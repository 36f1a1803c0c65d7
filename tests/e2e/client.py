"""haplan as a process of its own against a simulator elsewhere: real settings, simulated time.

    python client.py STACK LAB_FOLDER PORT PID_FILE [SIGNAL]

With a signal's name it writes its process id and that name to PID_FILE first, so that the simulator sends it that
signal after its next write. Its exit code is the apply's.
"""

import os
import sys
from pathlib import Path

from haplan import engine
from haplan.cli.signals import Interruptible
from haplan.errors import HaplanError
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan_mist.lab import Lab


def main() -> int:
    stack, folder, port, pid_file = sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    lab = Lab(folder)
    environ = {"MIST_HOST": f"http://127.0.0.1:{port}", "MIST_ORG_ID": lab.org_id, "MIST_APITOKEN": lab.token}
    with open_session(stack, Options(environment="kill", parallelism=1), environ=environ, clock=lab.clock) as session:
        try:
            plan = engine.plan(session)
            if len(sys.argv) > 5:
                pid_file.write_text(f"{os.getpid()} {sys.argv[5]}")
            with Interruptible(lambda text: session.tell("warning", text)) as person, session.observed_by([person]):
                return engine.apply(session, plan, person.stop).exit_code if not plan.empty() else 0
        except HaplanError as error:
            print(error, file=sys.stderr)
            return error.exit_code


sys.exit(main())
