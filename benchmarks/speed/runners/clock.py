"""Timing inside one process, plain enough for any interpreter: the last line it prints is the answer."""

import json
import resource
import sys
import time


def answer(call, prepare=None):
    """Seconds of wall and CPU of the second of two calls, and gigabytes that it added to the most ever held."""
    (prepare or call)()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    value = call()
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    took["gigabytes"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6
    sys.stdout.write(json.dumps(took) + "\n")
    return value
