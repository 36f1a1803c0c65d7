"""One step of the benchmark with the test provider, in a process of its own: ``mem.py FOLDER SIZE STEP [PARALLELISM]``.

The estate is kept in a file between the steps, written once at the end: what it costs is not what is measured.
"""

import json
import sys
import time
from pathlib import Path

import attrs

from haplan.testing import Cloud, Project

STACK = """
above = None
for number in range({size}):
    tags = {{"above": above.id}} if above is not None and number % 5 else {{}}
    above = Thing(f"t{{number:06d}}", size=number, tags={{**tags, "text": "as its owner wrote it down; " * 5}})
"""


def main(folder: Path, size: int, step: str, parallelism: int) -> None:
    """Carry out one step; given a parallelism, each write takes half a second and no resource waits for another."""
    file = folder / "cloud.json"
    cloud = Cloud(file)
    cloud._file = None
    chained = STACK.format(size=size)
    if parallelism:
        cloud.during = lambda document, name: time.sleep(0.5)
        chained = f"for number in range({size}):\n    Thing(f't{{number:03d}}', size=number)\n"
    project = Project(folder, "" if step == "destroy" else chained, cloud=cloud)
    if step == "plan same":
        assert project.plan().empty()
        return
    result = project.apply(destroy=step == "destroy", parallelism=parallelism or 10)
    assert result.exit_code == 0, result
    objects = [attrs.asdict(one) for one in cloud.objects.values()]
    kept = {"made": cloud.made, "sequences": cloud.sequences, "objects": objects}
    file.write_text(json.dumps(kept), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int((*sys.argv, 0)[4]))
