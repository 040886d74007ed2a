"""Rows times a matrix of weights, on a CPU by the faster of the two libraries that torch brings along."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.forward_ad import unpack_dual
from torch.nn.functional import linear as plain


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x @ weight.T + bias``, ``[..., d]`` and ``[m, d]`` to ``[..., m]``, as torch does it but for rounding.

    torch multiplies float32 by MKL, which leaves the wide registers of other makers' processors alone; oneDNN, which
    comes with torch too, uses them: about twice as fast there. Without it, for other kinds of numbers, on other devices
    and where gradients are wanted, this is torch's own.
    """
    if _suits(x, weight, bias):
        made: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return made
    return plain(x, weight, bias)


class Linear(torch.nn.Linear):
    """A layer that multiplies by :func:`linear`; a layer of torch's becomes one by its class, and keeps its weights."""

    def forward(self, x: Tensor) -> Tensor:
        """As torch's own."""
        return linear(x, self.weight, self.bias)


def quicken(model: torch.nn.Module) -> None:
    """Let every plain linear layer of a model multiply by :func:`linear`; whoever trains it notices nothing."""
    for module in model.modules():
        if type(module) is torch.nn.Linear:
            module.__class__ = Linear


def _suits(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    given = [each for each in (x, weight, bias) if each is not None]
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and not (torch.is_grad_enabled() and any(each.requires_grad for each in given))
        and all(each.device.type == "cpu" and each.dtype == torch.float32 and each.numel() for each in given)
        and all(each.is_contiguous() for each in given)  # of a bias too: oneDNN reads numbers that lie side by side
        and weight.ndim == 2
        and x.shape[-1:] == weight.shape[1:]  # what does not fit is for torch to say
        and (bias is None or bias.shape == weight.shape[:1])
        and all(unpack_dual(each).tangent is None for each in given)  # type: ignore[no-untyped-call]  # or it is lost
    )
