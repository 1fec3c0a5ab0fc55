"""A limit of memory for a part of the work ends with it, whatever other threads do."""

from __future__ import annotations

import sys
import threading

import pytest

from edgecad.system.memory import at_most_more

resource = pytest.importorskip("resource", reason="limits of POSIX")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is limited")
def test_two_threads_leave_no_limit_behind() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    first_is_in, second_is_in, first_is_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with at_most_more(2**30):
            assert resource.getrlimit(resource.RLIMIT_AS) != before
            first_is_in.set()
            second_is_in.wait(0.2)
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with at_most_more(2**30):
            second_is_in.set()
            first_is_out.wait(10)

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert resource.getrlimit(resource.RLIMIT_AS) == before
