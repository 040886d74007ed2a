"""Torch-RecHub."""

from collections import Counter

from _protocol import histories, main
from torch_rechub.basic import metric


def numbers(one: dict) -> dict:
    k = one["k"]
    shown = dict(zip(one["users"], one["lists"], strict=True))
    wanted = dict(zip(one["users"], histories(one["test"], one["users"]), strict=True))
    count = Counter(item for _, item in one["train"])
    popularity = {item: n / len(one["train"]) for item, n in count.items()}
    vectors = dict(enumerate(one["vectors"]))

    def last(answer: dict, name: str) -> float:
        return float(answer[name][0].split(": ")[1])

    return {
        "coverage_score": lambda: last(metric.coverage_score(shown, range(one["n_items"]), [k]), "Coverage"),
        "diversity_score": lambda: last(metric.diversity_score(shown, vectors, [k]), "Diversity"),
        "novelty_score": lambda: last(metric.novelty_score(shown, popularity, [k]), "Novelty"),
        **{
            name: lambda name=name: last(metric.topk_metrics(wanted, shown, [k]), name)
            for name in ("NDCG", "MRR", "Recall", "Precision", "Hit")
        },
    }


main(numbers)
