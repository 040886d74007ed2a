r"""How many different things: effective numbers of lists, of whole systems, and between them.

Everything here reads one object, the state :math:`\rho_p = \sum_i p_i \varphi_i \varphi_i^\top` of weights p over items
(see :mod:`recdiv.kernels`), through its Rényi entropy :math:`S_q(\rho) = \ln(\operatorname{tr} \rho^q) / (1 - q)`, with
:math:`S_1 = -\operatorname{tr}(\rho \ln \rho)`, and the effective number :math:`D_q = \exp S_q`.
"""

from __future__ import annotations

from torch import Tensor

from recdiv._inputs import Items, Weights, as_items, slot_masses
from recdiv._partition import Partition, partition
from recdiv._spectra import check_order, list_moments, number
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

__all__ = ["Partition", "effective_number", "partition"]


def effective_number(
    items: Items | Recommendations, kernel: Kernel, *, q: float = 1.0, weights: Weights | None = None
) -> Tensor:
    r"""How many different items each list amounts to, :math:`D_q(\rho_p)`.

    Identical items count once, items at right angles separately; repeats merge.

    Args:
        items: catalogue rows, ``[..., K]``; -1 (empty) and -2 (unknown) weigh nothing.
        kernel: when two items are the same.
        q: order, above 0 (0 too where items are either the same or at right angles); ``math.inf`` gives 1 / λ_max.
        weights: of each slot, ``[K]`` or ``[..., K]``, scaled to sum 1 in each list; default equal.

    Returns:
        float64 ``[...]``, from 1 to the smaller of K and d; higher is more diverse; NaN where a list weighs nothing.

    Raises:
        ValueError: for a wrong order, an item outside the catalogue, or weights that are negative or do not fit.

    Source: Friedman & Dieng 2023 (Vendi score), Pasarkar & Dieng 2024 for q other than 1.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> [round(float(value), 6) for value in effective_number([[0, 1], [0, 2]], kernel)]
    [1.0, 2.0]
    """
    check_order(q, kernel)
    rows = as_items(items, kernel.n_items)
    flat = rows.reshape(-1, rows.shape[-1]) if rows.numel() else rows.reshape(rows.shape[:-1].numel(), rows.shape[-1])
    mass = slot_masses(rows, weights, "weights").reshape(flat.shape)
    return number(list_moments(kernel, flat, mass, q), q).reshape(rows.shape[:-1])
