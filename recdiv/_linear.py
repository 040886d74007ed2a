"""Rows times a matrix of weights, on a CPU by the faster of the two libraries that torch brings along."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear as plain


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x @ weight.T + bias``, ``[..., d]`` and ``[m, d]`` to ``[..., m]``, float32 rounding apart the same as torch's own.

    torch multiplies float32 by MKL, which leaves the wide registers of other makers' processors alone; oneDNN, which
    comes with torch too, uses them: about twice as fast there. Without it, for other kinds of numbers, on other devices
    and where gradients are wanted, this is torch's own.
    """
    if _suits(x, weight, bias):
        made: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return made
    return plain(x, weight, bias)


def _suits(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    given = [each for each in (x, weight, bias) if each is not None]
    return (
        torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and not torch.is_grad_enabled()
        and all(each.device.type == "cpu" and each.dtype == torch.float32 and each.numel() for each in given)
        and x.is_contiguous()
        and weight.is_contiguous()
    )
