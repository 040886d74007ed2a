"""How far apart the items of a list are, as somebody sees it who reads from the top and takes what is relevant."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._discount import slot_weights
from recdiv.metrics._pairs import over_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="EILD",
    formula="EILD(u) = Σᵢ w(i) gᵢ · [Σ_{j≠i} w(1 + max(0, j−i−1)) gⱼ dᵢⱼ ÷ Σ_{j≠i} w(1 + max(0, j−i−1)) gⱼ] ÷ Σᵢ w(i)",
    range="[0, 2]",
    direction="higher is more diverse (and, given test items, more accurate)",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue, or (given test items) its user has none: NaN; "
    "fewer than two relevant items in a list of a user who has some: 0",
    citation="vargas2011rank",
    bounds=(0.0, 2.0),
)
def eild(recs: Recommendations, *, kernel: Kernel, test: Interactions | None = None, discount: str = "log") -> Result:
    r"""Mean over lists of the *expected intra-list distance*: of ranks by attention, of items by relevance.

    .. math:: \mathrm{EILD}(u) = \frac{1}{\sum_i w(i)} \sum_i w(i)\, g_i\,
        \frac{\sum_{j \ne i} w(j \mid i)\, g_j\, (1 - \varphi_i \cdot \varphi_j)}{\sum_{j \ne i} w(j \mid i)\, g_j},
        \qquad w(j \mid i) = w(1 + \max(0, j - i - 1))

    w is the attention to a slot (``eild@discount=none``, ``log``, ``rbp``), and w(j | i) the attention to slot j of
    one who stands at i: full to all above and to the next, falling below. With ``test``, g is 1 for the user's test
    items, at their first slot, and 0 for others; without, 1 for every item, and ``eild@discount=none`` is ``ild``.
    Sums run over slots that hold an item of the catalogue; an empty or unknown slot keeps its rank.

    Raises:
        ValueError: if ``discount`` is none of the three.

    Source: Vargas & Castells 2011; w(j | i) and the outer norm as in their RankSys.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> eild(Recommendations([[0, 1, 2]]), kernel=kernel, discount="none").value  # as ild: 4 of 6 pairs at distance 1
    0.6666666666666666
    """
    weights = slot_weights(discount, recs.k, device=recs.device)
    slot = torch.arange(recs.k, device=recs.device)
    ahead = weights[(slot - slot[:, None] - 1).clamp(min=0)] * (slot != slot[:, None])
    gain, n_relevant = (recs.valid, None) if test is None else hits(recs, test)
    gain = gain.double()

    def expected(distance: Tensor, filled: Tensor, lists: slice) -> Tensor:
        w, to, g = weights.to(distance.device), ahead.to(distance.device), gain[lists].to(distance.device)
        seen = to * g[:, None, :]
        mean = (seen * distance).sum(2) / seen.sum(2).clamp(min=torch.finfo(g.dtype).tiny)
        return (w * g * mean).sum(1) / (w * filled).sum(1)

    values = over_pairs(recs, kernel, expected)
    return per_list_result(values if n_relevant is None else where_relevant(values, n_relevant))
