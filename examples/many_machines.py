"""The numbers of lists that lie on several machines, under torchrun.

    torchrun --nproc_per_node 2 examples/many_machines.py lists.npz

``lists.npz`` holds ``items`` [U, K] (catalogue rows, -1 where empty) and ``vectors`` [I, d]. Each process takes every
n-th list; torchmetrics adds up the states when ``compute`` is called, so every process has the numbers of all lists.
What travels between machines is a vector of the items, or d×d for vectors, however many lists there are.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
import torch.distributed as dist

from recdiv import EmbeddingKernel, metrics


def main(path: str) -> None:
    """Measure this process's share of the lists, and print the numbers of all of them once."""
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    with np.load(path) as data:
        items, vectors = data["items"], data["vectors"]
    kernel, n_items = EmbeddingKernel(vectors), len(vectors)
    asked = {
        "item_coverage": metrics.ItemCoverage(n_items),
        "item_count": metrics.ItemCount(n_items),
        "entropy": metrics.Entropy(n_items),
        "effective_catalog_size": metrics.EffectiveCatalogSize(n_items),
        "gini": metrics.Gini(n_items),
        "mutual_information": metrics.MutualInformation(n_items),
        "alpha": metrics.Alpha(kernel),
        "beta": metrics.Beta(kernel),
        "gamma": metrics.Gamma(kernel),
        "chi": metrics.Chi(kernel),
        "gamma@q=2": metrics.Gamma(kernel, q=2.0),
        "gamma_ratio": metrics.GammaRatio(kernel),
        "semantic_coverage": metrics.SemanticCoverage(kernel),
        "concentration": metrics.Concentration(n_items),
        "personalization": metrics.Personalization(n_items),
        "fragmentation": metrics.Fragmentation(n_items),
    }
    for rows in np.array_split(items[rank::world], 4):  # some at a time, as they would come from a disk
        for metric in asked.values():
            metric.update(rows)
    numbers = {name: float(metric.compute()) for name, metric in asked.items()}  # every process must take part
    if rank == 0:
        sys.stdout.write(json.dumps({"processes": world, "numbers": numbers}) + "\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
