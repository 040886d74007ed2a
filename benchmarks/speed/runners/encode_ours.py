"""``encode_ours.py texts.json vectors.npy``: :class:`recdiv.lm.TextEncoder` as it is, without its cache."""

import json
import os
import sys

import numpy as np
import torch

from benchmarks.speed.runners.clock import answer
from recdiv.lm import TextEncoder

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
with open(sys.argv[1], encoding="utf-8") as file:
    texts = json.load(file)
encoder = TextEncoder(device="cpu")


def encode(some):
    """Vectors of some texts."""
    return encoder.encode(some, progress=False, cache=False)


np.save(sys.argv[2], answer(lambda: encode(texts), lambda: encode(texts[:32])).numpy())
