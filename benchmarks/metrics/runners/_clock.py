"""How every peer is timed, in its own environment: on as many of the lists as it can do within a limit of seconds.

``run_x.py folder answer.json limit``: arrays in, for each row the lists done, median CPU seconds and the number out.
"""

import json
import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np

RUNS = 3
MEMORY = 12 << 30  # bytes of address space: what asks for more fails instead of taking the machine with it


class Data:
    """The arrays of one size; lists beyond those asked for are left out, all training events stay."""

    def __init__(self, folder):
        for name in ("lists", "user", "item", "vectors"):
            setattr(self, name, np.load(Path(folder) / f"{name}.npy"))
        self.n_items, self.k = len(self.vectors), self.lists.shape[1]
        self.counts = np.bincount(self.item, minlength=self.n_items)

    def popularity(self):
        """Training events of each item that has any."""
        return {int(item): int(self.counts[item]) for item in np.flatnonzero(self.counts)}


def main(prepare):
    """``prepare(data)``: for each row a function of a number of lists that returns what is to be timed."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder, answer, limit = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    data, found = Data(folder), {}
    for name, row in prepare(data).items():
        found[name] = measured(row, len(data.lists), limit)
        print(f"    {name} {found[name]}", flush=True)
    answer.write_text(json.dumps(found))


def measured(row, total, limit):
    """The row on the most lists that fit the limit: four times more at a time, for as long as the growth allows."""
    n, before, best = min(200, total), None, None
    while True:
        try:
            taken, value = timed(row, n)
        except Exception as error:
            return best or {"error": f"{type(error).__name__}: {error}"[:160]}
        best = {"lists": n, "seconds": taken, "value": value}
        if n == total:
            break
        growth = 1.2 if before is None else np.log(taken / before[1]) / np.log(n / before[0])
        room = (limit / max(taken, 1e-4)) ** (1 / min(max(growth, 1.0), 2.2))
        if before is None and taken < limit:
            room = max(room, 4.0)  # the first lists may cost no more than what comes before any list
        if room < 1.5:
            break
        before, n = (n, max(taken, 1e-4)), int(min(total, n * min(room, 4.0)))
    runs = [best["seconds"]]
    while len(runs) < RUNS and sum(runs) + best["seconds"] < limit:
        runs.append(timed(row, n)[0])
    return {**best, "seconds": statistics.median(runs), "runs": len(runs)}


def timed(row, n):
    """CPU seconds and the number; making the peer's own input does not count."""
    call = row(n)
    start = time.process_time()
    value = call()
    taken = time.process_time() - start
    value = float(value)
    return taken, value if np.isfinite(value) else None
