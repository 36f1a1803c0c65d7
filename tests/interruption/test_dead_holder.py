"""A run that was killed: the next plan says so at once, with what it left; the next apply, that it took over."""

from tests.interruption.conftest import Workshop
from tests.interruption.test_signals import APPLY


def test_within_its_lease_a_plan_says_that_the_holder_is_dead_and_what_it_left(workshop: Workshop) -> None:
    process = workshop.start(*APPLY)
    workshop.begun("first")
    alive = " ".join(workshop.run("plan").stdout.split())
    assert "writes this state now (apply, lock " in alive
    assert "its part may still change; under way: slow_job.first" in alive
    assert "under way" in workshop.run("runs").stdout
    process.kill()
    process.wait(20)
    dead = " ".join(workshop.run("plan").stdout.split())
    assert f"(pid {process.pid}, apply) is dead and still has the lock; an apply takes it over" in dead
    assert "an earlier run ended in the middle of: slow_job.first" in dead
    assert "did not end" in workshop.run("runs").stdout
    workshop.go()
    taken = workshop.run(*APPLY)
    assert taken.returncode == 0
    assert f"(pid {process.pid}, apply) is dead: its lock " in taken.stderr
    assert "was taken over" in taken.stderr
    records = sorted((workshop.folder / ".haplan" / "default" / "runs").glob("*/events.jsonl"))
    assert sum("was taken over" in record.read_text() for record in records) == 1
    again = workshop.run(*APPLY)
    assert "taken over" not in again.stderr
    assert "lock" not in workshop.run("plan").stdout
