"""``topk_faiss.py folder k``: faiss' exact index of inner products; adding the items to it does not count."""

import os
import sys
from pathlib import Path

import faiss
import numpy as np
from clock import answer

faiss.omp_set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
folder, k = Path(sys.argv[1]), int(sys.argv[2])
users, items = (np.load(folder / f"{name}.npy") for name in ("users", "items"))
index = faiss.IndexFlatIP(items.shape[1])
index.add(items)
scores, rows = answer(lambda: index.search(users, k), lambda: index.search(users[:4], k))
np.savez(folder / "faiss.npz", scores=scores, rows=rows)
