"""RecBole: its own data set counts the items, its own metric classes read what its collector would hand them."""

import logging
import tempfile
from pathlib import Path

import torch
from _protocol import histories, main
from recbole.config import Config
from recbole.data import create_dataset
from recbole.evaluator import metrics
from recbole.evaluator.collector import DataStruct

logging.disable(logging.CRITICAL)
DIGITS = 12  # its metric_decimal_place, 4 unless told otherwise


def numbers(one: dict) -> dict:
    if len({len(items) for items in one["lists"]}) > 1:
        raise ValueError("its lists are one tensor: all must be equally long")
    k = one["k"]
    with tempfile.TemporaryDirectory() as folder:
        # ordered by item, so that its own numbering keeps the order of ours
        rows = [f"{user}\t{item}" for user, item in sorted(one["train"], key=lambda pair: pair[::-1])]
        (Path(folder) / "toy").mkdir()
        (Path(folder) / "toy" / "toy.inter").write_text("\n".join(["user_id:token\titem_id:token", *rows]))
        settings = {"data_path": folder, "topk": [k], "metric_decimal_place": DIGITS, "load_col": None}
        config = Config(model="Pop", dataset="toy", config_dict=settings)
        dataset = create_dataset(config)
        number = dataset.field2token_id["item_id"]
        size, counter = dataset.num("item_id"), dataset.item_counter
    relevant = histories(one["test"], one["users"])
    struct = DataStruct()
    ids = [[number.get(str(item), size + item) for item in items] for items in one["lists"]]
    struct.set("rec.items", torch.tensor(ids))
    struct.set("data.num_items", size)
    struct.set("data.count_items", counter)
    tested = [
        (items, wanted) for items, wanted in zip(one["lists"], relevant, strict=True) if wanted
    ]  # all it ever evaluates
    hits = [[*(int(item in wanted) for item in items), len(wanted)] for items, wanted in tested]
    struct.set("rec.topk", torch.tensor(hits))
    names = ("ItemCoverage", "ShannonEntropy", "GiniIndex", "AveragePopularity", "TailPercentage", "NDCG", "Recall",
             "Precision", "MRR", "MAP", "Hit")  # fmt: skip
    return {
        name: lambda name=name: next(iter(getattr(metrics, name)(config).calculate_metric(struct).values()))
        for name in names
    }


main(numbers)
