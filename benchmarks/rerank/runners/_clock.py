"""How both sides are timed, each in its own environment: as many users as fit some seconds, and their memory."""

import statistics
import threading
import time
from pathlib import Path

RUNS = 3
FIRST = 8  # users of the run that tells how many fit
STATUS = Path("/proc/self/statm")
PAGE = 4096


def resident():
    """Bytes of memory held, where the system tells."""
    return int(STATUS.read_text().split()[1]) * PAGE if STATUS.is_file() else 0


def rate(call, users, limit):
    """``call(n)`` reranks the first n users: CPU seconds a user, the median of three runs of as many as fit."""
    call(FIRST)  # what is done once, as compiling, does not count; the benchmark measures it apart
    n = max(FIRST, min(users, int(limit / max(seconds(call, FIRST) / FIRST, 1e-9) / RUNS)))
    taken = [seconds(call, n) for _ in range(RUNS)]
    return {"users": n, "rate": n / statistics.median(taken), "gigabytes": beyond(call, n)}


def seconds(call, n):
    """CPU seconds of one call."""
    start = time.process_time()
    call(n)
    return time.process_time() - start


def beyond(call, n):
    """Gigabytes at the peak of one call beyond what was held before."""
    done, before = threading.Event(), resident()
    peak = [before]

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], resident())

    watching = threading.Thread(target=watch)
    watching.start()
    call(n)
    done.set()
    watching.join()
    return (max(peak[0], resident()) - before) / 1e9
