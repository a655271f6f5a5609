"""Child processes: started again when they die, patiently; ports that are free."""

import os
import socket
import time

from stack.processes import Kept, free_port


def test_a_process_that_dies_is_started_again_after_a_while():
    with Kept.running("sleeper", ["sleep", "60"], os.environ) as kept:
        first = kept.child
        kept.look()
        assert kept.child is first, "one that lives is left alone"
        first.kill()
        first.wait()
        kept.look()
        assert kept.ended, "not at once: it waits"
        time.sleep(1.05)
        kept.look()
        assert not kept.ended
        assert kept.child.pid != first.pid
    assert kept.ended


def test_a_process_that_keeps_dying_is_started_more_and_more_slowly():
    with Kept.running("dier", ["false"], os.environ) as kept:
        waits = []
        for _ in range(7):
            kept.child.wait()
            waits.append(kept.wait_s)
            kept.look()
            kept.again_at = time.monotonic()
            kept.look()
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_process_that_was_steady_is_started_again_soon():
    with Kept.running("dier", ["false"], os.environ) as kept:
        kept.wait_s, kept.started_at = 30.0, time.monotonic() - 3600
        kept.child.wait()
        kept.look()
        assert kept.again_at is not None
        assert kept.again_at - time.monotonic() <= 1


def test_several_that_are_asked_first_end_beside_each_other():
    slow = ["sh", "-c", "trap 'sleep 1; exit' TERM; while :; do sleep 0.1; done"]
    with Kept.running("one", slow, os.environ) as one, Kept.running("two", slow, os.environ) as two:
        time.sleep(1)  # until both have set their traps
        for kept in (one, two):
            kept.ask_to_end()
        assert not one.ended
        assert one.child.wait(10) == two.child.wait(10) == 0


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
