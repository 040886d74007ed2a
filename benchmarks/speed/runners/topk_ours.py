"""``topk_ours.py folder k``: :func:`recdiv.topk` on arrays on disk."""

import os
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks.speed.runners.clock import answer
from recdiv import topk

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
folder, k = Path(sys.argv[1]), int(sys.argv[2])
users, items = (torch.from_numpy(np.load(folder / f"{name}.npy")) for name in ("users", "items"))
scores, rows = answer(lambda: topk(users, items, k), lambda: topk(users[:4], items[:50_000], k))
np.savez(folder / "ours.npz", scores=scores.numpy(), rows=rows.numpy())
