"""``encode_sentence_transformers.py texts.json vectors.npy model``: its own defaults, one batch of 32 after another."""

import json
import os
import sys

import numpy as np
import torch
from clock import answer
from sentence_transformers import SentenceTransformer

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
with open(sys.argv[1], encoding="utf-8") as file:
    texts = json.load(file)
model = SentenceTransformer(sys.argv[3], device="cpu")


def encode(some):
    """Vectors of some texts, scaled to length one as ours are."""
    return model.encode(some, show_progress_bar=False, normalize_embeddings=True)


np.save(sys.argv[2], answer(lambda: encode(texts), lambda: encode(texts[:32])))
