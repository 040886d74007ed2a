"""Whether a list covers the labels that chance would bring, and repeats none more than chance would."""

from __future__ import annotations

import math

import torch
from scipy import special
from torch import Tensor

from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, topics_for
from recdiv.metrics._topics import tastes, topic_counts
from recdiv.tables import Catalog, Interactions, Recommendations


@register(
    symbol="BinomDiv",
    formula="BD(u) = Π_{f ∉ u} (1 − p_f)^{n/C} · Π_{f ∈ u} P(X_f ≥ s_f | X_f > 0)^{1/|L(u)|},  X_f ~ Binomial(n, p_f)",
    range="[0, 1]",
    direction="higher is more diverse",
    level="list",
    undefined_on="no item of a list has a label, there is no training interaction, or (alpha > 0) the user has none: "
    "NaN",
    citation="vargas2014coverage",
    bounds=(0.0, 1.0),
)
def binomial_diversity(
    recs: Recommendations, *, catalog: Catalog, train: Interactions, alpha: float = 0.0, shared: Shared | None = None
) -> Result:
    r"""Mean over lists of *binomial diversity*: coverage × non-redundancy of category labels, as chance would have it.

    .. math:: \mathrm{BD}(u) = \prod_{f \notin L(u)} (1 - p_f)^{n / C} \cdot
        \prod_{f \in L(u)} P(X_f \ge s_f \mid X_f > 0)^{1 / |L(u)|}, \qquad X_f \sim \mathrm{Binomial}(n, p_f)

    n items are in the list, :math:`s_f` of them with label f; C labels are in the catalogue, L(u) in the list.
    :math:`p_f` is the share of training interactions whose item has label f; ``binomial_diversity@alpha=0.5`` mixes in
    α of the user's own share. The first product asks that frequent labels be there, the second that none be there
    oftener than its frequency explains. A repeat counts again. An item without a label counts in n only. Where p is 0,
    the limit p → 0 stands: one item with the label is no redundancy, two are all.

    Raises:
        ValueError: if ``alpha`` is outside [0, 1].

    Source: Vargas et al. 2014.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea", "mug"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2], "item_id": [1, 3]}), catalog)  # p = ½ for both
    >>> value = binomial_diversity(Recommendations([[0, 1], [0, 2]]), catalog=catalog, train=train)
    >>> value.per_list.round(decimals=6).tolist()  # (½)^(2/2) · (¼ ÷ ¾), and 1
    [0.166667, 1.0]
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    topics = topics_for(catalog, shared)
    known = tastes(recs, train, topics)
    common = (
        torch.from_numpy(known.counts.sum(0)).reshape(1, -1) / len(train)
        if len(train)
        else torch.full((1, 1), math.nan)
    )

    def diversity(held: Tensor, lists: slice) -> Tensor:
        p = common.to(held.device)
        if alpha > 0:
            own = known.of(lists, held.device) / known.n_events(lists, held.device)[:, None]  # 0 / 0 is NaN
            p = alpha * own + (1 - alpha) * p
        counts = topic_counts(held, topics.n)
        return _coverage(counts, recs.lengths[lists], p) * _non_redundancy(counts, recs.lengths[lists], p)

    values = labels_in_parts(recs, topics, diversity, width=topics.n)
    return per_list_result(torch.where(recs.lengths > 0, values, math.nan))


def _coverage(counts: Tensor, n: Tensor, p: Tensor) -> Tensor:
    missed = torch.where(counts == 0, torch.log1p(-p), 0.0).sum(1)  # -inf where a certain label is missing
    return (missed * n / counts.shape[1]).exp()


def _non_redundancy(counts: Tensor, n: Tensor, p: Tensor) -> Tensor:
    """Geometric mean over the labels of a list; NaN where it has none."""
    row, topic = (counts > 0).nonzero(as_tuple=True)
    s, trials, chance = counts[row, topic], n[row].double(), p.expand_as(counts)[row, topic]
    tail = torch.from_numpy(special.betainc(*(x.cpu().numpy() for x in (s, trials - s + 1, chance)))).to(s.device)
    patience = tail / -torch.expm1(trials * torch.log1p(-chance))  # P(X ≥ s) / P(X > 0)
    patience = torch.where(chance > 0, patience.clamp(max=1), torch.where(chance == 0, (s == 1).double(), math.nan))
    total = torch.zeros(len(counts), dtype=torch.float64, device=counts.device).index_add_(0, row, patience.log())
    return (total / (counts > 0).sum(1)).exp()
