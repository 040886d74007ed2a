"""How large a volume the items of a list span."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._pairs import over_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations

_SMALLEST = 1e-9  # below it, rounding of the Gram matrix decides


@register(
    symbol="ln det K",
    formula="ln det((K + εI) / (1 + ε)),  ε = 0.001",
    range="(−∞, 0]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="kulesza2012dpp",
    bounds=(-math.inf, 0.0),
)
def log_det(recs: Recommendations, *, kernel: Kernel, ridge: float = 1e-3) -> Result:
    r"""Mean over lists of the log-determinant of their Gram matrix, what a determinantal point process maximises.

    .. math:: \ln \det \frac{K + \varepsilon I}{1 + \varepsilon}

    0 where all items are at right angles. A repeat, or an item that the others span, makes det K zero and the mean over
    lists −∞; the ridge ε (``log_det@ridge=0.001``) keeps such a list in the mean, at about ln ε an item too many. The
    diagonal stays 1, so the value never exceeds 0. It falls with the length of the list: compare lists of one length.

    Raises:
        ValueError: if ``ridge`` is below 1e-9 or not finite.

    Source: Kulesza & Taskar 2012.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    >>> value = log_det(Recommendations([[0, 1], [0, 2]]), kernel=kernel, ridge=1e-9)
    >>> value.per_list.abs().round(decimals=4).tolist()  # ln 1, and ln(1 − 0.6²) = −0.4463
    [0.0, 0.4463]
    """
    if not _SMALLEST <= ridge < math.inf:
        raise ValueError(f"ridge must be a finite number from {_SMALLEST} up, got {ridge}")

    def volume(distance: Tensor, filled: Tensor, _: slice) -> Tensor:
        similarity = (1 - distance) * (filled[:, :, None] & filled[:, None, :])
        eye = torch.eye(distance.shape[1], dtype=distance.dtype, device=distance.device)
        matrix = similarity + torch.where(filled[:, :, None], ridge * eye, (1 + ridge) * eye)  # empty slots add ln 1
        diagonal = torch.linalg.cholesky(matrix / (1 + ridge)).diagonal(dim1=1, dim2=2)
        value: Tensor = (2 * diagonal.log().sum(1)).clamp(max=0)
        return value

    return per_list_result(over_pairs(recs, kernel, volume))
