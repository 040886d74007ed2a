"""The states under torchrun: two processes on halves of the lists have the numbers of all of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import recdiv as rd
from recdiv import metrics

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "many_machines.py"


@pytest.mark.slow
def test_two_processes_of_torchrun_have_the_numbers_of_all_lists(tmp_path):
    rng = np.random.default_rng(0)
    items = np.where(rng.random((41, 6)) < 0.2, -1, rng.integers(0, 25, (41, 6)))
    items[:3] = -1  # nothing in some lists, and an odd number of them
    vectors = rng.normal(size=(25, 5))
    np.savez(tmp_path / "lists.npz", items=items, vectors=vectors)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, str(SCRIPT), str(tmp_path / "lists.npz")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["processes"] == 2
    given = {"kernel": rd.EmbeddingKernel(vectors)}
    recs = rd.Recommendations(items)
    for name, value in said["numbers"].items():
        assert value == pytest.approx(metrics.compute(name, recs, **given).value, abs=1e-10), name


def test_the_example_covers_the_metrics_that_need_no_more_than_lists_and_a_kernel():
    """A class added to the family is added to the example, unless it needs interactions, labels or times."""
    text = SCRIPT.read_text()
    others = {name for name in metrics.__all__ if name[0].isupper()} - {"Metric", "Result"}
    missing = {name for name in others if f"metrics.{name}(" not in text}
    given = {"catalog", "kernel"}
    names = {metric.replace("_", ""): metric for metric in metrics.names()}
    simple = {name for name in missing if name.lower() in names and not name.startswith("Category")}  # they need labels
    assert {name for name in simple if set(metrics.describe(names[name.lower()]).needs) <= given} == set()
