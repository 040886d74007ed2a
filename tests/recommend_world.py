"""A small world that every recommender is tried in, and every recommender by name."""

import numpy as np
import pandas as pd

import recdiv as rd
from recdiv import recommend

N = 12
GENERATOR = np.random.default_rng(3)
VECTORS = GENERATOR.normal(size=(N, 5))
CATALOG = rd.Catalog(pd.DataFrame({"item_id": [f"i{i}" for i in range(N)], "title": [f"title {i}" for i in range(N)]}))
EVENTS = pd.DataFrame({"user_id": GENERATOR.integers(0, 8, 40), "timestamp": GENERATOR.permutation(40)})
EVENTS["item_id"] = [f"i{i}" for i in GENERATOR.integers(0, N - 2, 40)]  # the last two are never seen
TRAIN = rd.Interactions(EVENTS, CATALOG)
USERS = [*TRAIN.users.tolist(), "nobody"]
HISTORIES = [rows.tolist() for rows in TRAIN.histories(USERS)]
_TINY = {"dimension": 8, "layers": 1, "length": 6, "epochs": 3, "update_epochs": 1}
MODELS = {
    "popularity": recommend.Popularity,
    "item_knn": recommend.ItemKNN,
    "few_neighbours": lambda: recommend.ItemKNN(neighbours=3, shrink=0),
    "text": lambda: recommend.Text(VECTORS),
    "recent_text": lambda: recommend.Text(VECTORS, half_life=1),
    "random": recommend.Random,
    "als": lambda: recommend.ALS(factors=4, epochs=3, regularization=1),
    "sasrec": lambda: recommend.SASRec(**_TINY),
    "sasrec_text": lambda: recommend.SASRec(VECTORS, **_TINY),
    "text_transformer": lambda: recommend.TextTransformer(VECTORS, **_TINY),
    "text_alone": lambda: recommend.TextTransformer(VECTORS, own=False, **_TINY),
    "bpr": lambda: recommend.BPR(factors=4, epochs=20),
    "generative": lambda: recommend.Generative(epochs=1, hidden=32, layers=1, vocabulary=270, width=20),
}
