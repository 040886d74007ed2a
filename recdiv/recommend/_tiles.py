"""The exact search behind ``topk``: users × items in tiles, and of each tile only what can still be among the best."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv._linear import linear
from recdiv.tables import EMPTY

NUMBERS = 1 << 23  # scores held at once (32 MB of float32)
_ROUNDOFF = 2.0**-9  # of bfloat16
Pairs = tuple[Tensor, Tensor]  # (item, user), sorted by item


def search(users: Tensor, items: Tensor, k: int, banned: Pairs | None, *, half: bool) -> tuple[Tensor, Tensor]:
    """The ``k`` best scores and items ``[U, k]`` of a block of users, as in ``topk``.

    Items are met in ascending order and a score displaces only a smaller one, so ties stay with the lower number.

    With ``half`` a tile is multiplied in bfloat16, and every score that is near enough to the k-th best for rounding to
    decide is computed again from the numbers given; what is returned has never been rounded to bfloat16.
    """
    scores = users.new_full((len(users), k), -torch.inf)
    rows = torch.full((len(users), k), EMPTY, device=users.device)
    rough = users.bfloat16() if half else users
    width = max(NUMBERS // max(len(users), 1), 1)
    for start in range(0, len(items), width):
        block = items[start : start + width]
        tile = _forbidden(linear(rough, block.to(rough)), banned, start)
        hopeful = tile > (_below(scores[:, -1:] - slack(users, block)) if half else scores[:, -1:])
        count = int(hopeful.count_nonzero())
        if count > tile.numel() // 16:  # the first tile, or items in ascending order: cheaper all at once
            whole = _forbidden(linear(users, block), banned, start) if half else tile
            found, what = best(whole, k)
            what = torch.where(what >= 0, what + start, EMPTY)
        elif count:
            who, column = hopeful.nonzero().unbind(1)
            exact = (users[who] * block[column]).sum(1) if half else tile[who, column]
            found, what = _side_by_side(who, column + start, exact, len(users))
        else:
            continue
        scores, rows = _best_of(torch.cat([scores, found], 1), torch.cat([rows, what], 1), k)
    return scores, rows


def slack(users: Tensor, items: Tensor) -> Tensor:
    r"""How far a product in bfloat16 can be from the true one, at most, for each user ``[U, 1]``.

    Rounding moves each factor by a share of at most :math:`r = 2^{-9}`, so a sum of products by
    :math:`(2r + r^2) \sum_i |u_i v_i| \le (2r + r^2) \|u\| \|v\|`; rounding the sum itself, in a few pieces, adds r
    each. Six r cover the two factors and four such roundings, with the float32 additions in between.
    """
    room: Tensor = 6 * _ROUNDOFF * users.norm(dim=1, keepdim=True) * items.norm(dim=1).amax()
    return room


def _below(values: Tensor) -> Tensor:
    """The same in bfloat16, rounded down or further: comparing in one type spares a copy of the tile."""
    return (values - 2 * _ROUNDOFF * values.abs()).bfloat16()


def _forbidden(tile: Tensor, banned: Pairs | None, start: int) -> Tensor:
    """The tile of items from ``start`` on, −∞ where a user must not get the item."""
    if banned is not None:
        item, user = banned
        edges = torch.tensor([start, start + tile.shape[1]], device=item.device)
        first, last = torch.searchsorted(item, edges).tolist()
        tile[user[first:last], item[first:last] - start] = -torch.inf
    return tile


def _side_by_side(who: Tensor, what: Tensor, scores: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Scores and items of pairs sorted by user, one row a user, padded by −∞ and -1."""
    lengths = torch.bincount(who, minlength=n)
    place = torch.arange(len(who), device=who.device) - (lengths.cumsum(0) - lengths)[who]
    shape = n, int(lengths.max())
    values = scores.new_full(shape, -torch.inf)
    items = torch.full(shape, EMPTY, device=who.device)
    values[who, place], items[who, place] = scores, what
    return values, items


def _best_of(scores: Tensor, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` best of what was found, where equal scores stand in the order of their items."""
    values, columns = best(scores, k)
    return values, rows.gather(1, columns.clamp(min=0)).masked_fill(columns < 0, EMPTY)


def best(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` largest scores of each row ``[U, I]`` and their columns, ties to the lower; never −∞ or NaN."""
    taken = min(k, scores.shape[1])
    values, items = scores.topk(taken)
    if bool(values.isnan().any()):  # ∞ × 0, or a model gone astray: topk holds what is no number for the largest
        scores = scores.masked_fill(scores.isnan(), -torch.inf)
        values, items = scores.topk(taken)
    values, items = _lowest_first(scores, values, items)
    items = torch.where(values > -torch.inf, items, EMPTY)
    if taken < k:
        values = torch.nn.functional.pad(values, (0, k - taken), value=-torch.inf)
        items = torch.nn.functional.pad(items, (0, k - taken), value=EMPTY)
    return values, items


def _lowest_first(scores: Tensor, values: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """Undo the arbitrary order of equal scores: lower item numbers first, at the cut too."""
    if not values.shape[1]:
        return values, items
    last = values[:, -1:]
    cut = ((scores == last).sum(1) > (values == last).sum(1)).nonzero().squeeze(1)  # ties that reach beyond the list
    if len(cut):
        above, level = scores[cut] > last[cut], scores[cut] == last[cut]
        first = level & (level.cumsum(1) <= values.shape[1] - above.sum(1, keepdim=True))
        items[cut] = (above | first).nonzero()[:, 1].reshape(len(cut), -1)
    items = items.sort(1).values
    values = scores.gather(1, items)
    order = values.argsort(dim=1, descending=True, stable=True)
    return values.gather(1, order), items.gather(1, order)
