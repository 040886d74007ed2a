"""Corpus metrics as torchmetrics classes: the same number in any batches, merged, saved, moved, on two processes."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import recdiv as rd
from recdiv import metrics

N = 30
GENERATOR = np.random.default_rng(1)
ITEMS = np.where(GENERATOR.random((23, 5)) < 0.15, -1, GENERATOR.integers(0, N, (23, 5)))
ITEMS[4] = -1
KERNEL = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 6)))
COUNTING = {
    "item_coverage": metrics.ItemCoverage,
    "item_count": metrics.ItemCount,
    "entropy": metrics.Entropy,
    "effective_catalog_size": metrics.EffectiveCatalogSize,
    "concentration": metrics.Concentration,
    "gini": metrics.Gini,
    "mutual_information": metrics.MutualInformation,
    "personalization": metrics.Personalization,
    "fragmentation": metrics.Fragmentation,
}
SPECTRAL = {"alpha": metrics.Alpha, "beta": metrics.Beta, "gamma": metrics.Gamma, "chi": metrics.Chi,
            "gamma_ratio": metrics.GammaRatio}  # fmt: skip
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": ["a", "b|c", None] * (N // 3)}))
CASES = [
    ("category_coverage", {"catalog": CATALOG}, metrics.CategoryCoverage),
    ("category_information@missing=same", {"catalog": CATALOG, "missing": "same"}, metrics.CategoryInformation),
    ("semantic_coverage", {"kernel": KERNEL}, metrics.SemanticCoverage),
    *((name, {"n_items": N}, kind) for name, kind in COUNTING.items()),
    *((name, {"kernel": KERNEL}, kind) for name, kind in SPECTRAL.items()),
    *((f"{name}@q=2", {"kernel": KERNEL, "q": 2.0}, kind) for name, kind in SPECTRAL.items()),
    *((name, {"kernel": rd.IdentityKernel(N)}, kind) for name, kind in SPECTRAL.items()),
]


def expected(name, arguments, items=ITEMS):
    kernel = arguments.get("kernel", rd.IdentityKernel(N))
    return metrics.compute(name, rd.Recommendations(items), kernel=kernel, catalog=arguments.get("catalog")).value


@pytest.mark.parametrize(("name", "arguments", "kind"), CASES)
def test_any_batches_give_the_value_of_all(name, arguments, kind):
    metric = kind(**arguments)
    for rows in np.split(ITEMS, [3, 4, 5, 15]):  # the batch of row 4 holds nothing
        metric.update(rows)
    assert float(metric.compute()) == pytest.approx(expected(name, arguments), abs=1e-10)
    metric.reset()
    metric.update(ITEMS[4:5])
    assert math.isnan(float(metric.compute()))


LABELS = np.arange(len(ITEMS)) % 3


@pytest.mark.parametrize(
    ("name", "kind", "given"),
    [
        ("interest_information", metrics.InterestInformation, {"labels": [0, 1, 2]}),
        ("interest_information@q=2", metrics.InterestInformation, {"labels": [0, 1, 2], "q": 2.0}),
        ("temporal_beta", metrics.TemporalBeta, {"times": [0, 1, 2]}),
        ("drift", metrics.Drift, {"times": [0, 1, 2]}),
    ],
)
@pytest.mark.parametrize("kernel", [KERNEL, rd.IdentityKernel(N)])
def test_labelled_states_add_up_over_batches_and_machines(name, kind, given, kernel):
    one, other = kind(kernel, **given), kind(kernel, **given)
    recs = rd.Recommendations(ITEMS, time=LABELS, groups=LABELS)
    for turn, rows in enumerate(np.split(np.arange(len(ITEMS)), [3, 4, 5, 15])):
        (one, other)[turn % 2].update(recs.where(rows))
    one.merge_state(other)
    value = metrics.compute(name, recs, kernel=kernel).value
    assert float(one.compute()) == pytest.approx(value, abs=1e-9)
    with pytest.raises(ValueError, match="must be among"):
        one.update(rd.Recommendations([[0]], time=[7], groups=[7]))
    with pytest.raises(ValueError, match="recs must carry"):
        one.update([[0]])


@pytest.mark.parametrize(("name", "arguments", "kind"), CASES)
def test_merged_states_give_the_value_of_all(name, arguments, kind):
    one, other = kind(**arguments), kind(**arguments)
    one.update(rd.Recommendations(ITEMS[:9]))
    other.update(rd.Recommendations(ITEMS[9:]))
    one.merge_state(other)
    assert float(one.compute()) == pytest.approx(expected(name, arguments), abs=1e-10)


def test_state_of_gamma_depends_on_neither_lists_nor_items():
    metric = metrics.Gamma(KERNEL)
    metric.update(ITEMS)
    assert metric.rho.shape == (6, 6)


def test_states_survive_half_precision_and_copies():
    metric = metrics.Entropy(n_items=N)
    metric.update(ITEMS)
    copy = pickle.loads(pickle.dumps(metric.half()))
    assert copy.counts.dtype == torch.int64
    assert float(copy.compute()) == pytest.approx(expected("entropy", {}), abs=1e-10)


def test_wrong_size_is_refused():
    with pytest.raises(ValueError, match="n_items must be at least 1, got 0"):
        metrics.Gini(n_items=0)
    with pytest.raises(ValueError, match=r"items must be rows of the catalogue, 0\.\.2, got 3"):
        metrics.Gini(n_items=3).update([[3]])


def _worker(rank, path, results):
    torch.set_num_threads(1)  # threads do not survive a fork
    dist.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    pair = metrics.Gini(n_items=N), metrics.Chi(KERNEL)
    for metric in pair:
        metric.update(ITEMS[rank::2])
    results[rank] = [float(metric.compute()) for metric in pair]
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_agree_on_the_value_of_all(tmp_path):
    with mp.Manager() as manager:
        results = manager.dict()
        mp.start_processes(_worker, (tmp_path / "store", results), nprocs=2, start_method="fork")
        for values in dict(results).values():
            assert values == pytest.approx([expected("gini", {}), expected("chi", {"kernel": KERNEL})], abs=1e-10)
        assert len(results) == 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("name", "arguments", "kind"), CASES)
def test_on_a_gpu(name, arguments, kind):
    moved = {key: value.to("cuda") if hasattr(value, "to") else value for key, value in arguments.items()}
    metric = kind(**moved).to("cuda")
    metric.update(torch.as_tensor(ITEMS, device="cuda"))
    assert metric.compute().device.type == "cuda"
    assert float(metric.compute()) == pytest.approx(expected(name, arguments), abs=1e-6)
