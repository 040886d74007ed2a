"""Recommenders to measure: ``fit(train)``, ``scores(users)``, ``recommend(users, k=10)``, one model a file."""

from __future__ import annotations

from recdiv.recommend._base import Recommender
from recdiv.recommend._registry import make, names
from recdiv.recommend.als import ALS
from recdiv.recommend.bpr import BPR
from recdiv.recommend.draw import draw
from recdiv.recommend.generative import Generative
from recdiv.recommend.item_knn import ItemKNN
from recdiv.recommend.popularity import Popularity
from recdiv.recommend.protocol import Split, first_events, k_core, leave_one_out, temporal_split
from recdiv.recommend.random import Random
from recdiv.recommend.sasrec import SASRec
from recdiv.recommend.text import Text
from recdiv.recommend.text_transformer import TextTransformer
from recdiv.recommend.topk import topk

__all__ = [
    "ALS",
    "BPR",
    "Generative",
    "ItemKNN",
    "Popularity",
    "Random",
    "Recommender",
    "SASRec",
    "Split",
    "Text",
    "TextTransformer",
    "draw",
    "first_events",
    "k_core",
    "leave_one_out",
    "make",
    "names",
    "temporal_split",
    "topk",
]
