"""Is a difference chance? Paired tests, each with the effect size that goes with it, and the price of many tests."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Test = Literal["t", "permutation", "wilcoxon"]
Adjust = Literal["holm", "bh", "none"]
TESTS: tuple[str, ...] = ("t", "permutation", "wilcoxon")
ADJUSTS: tuple[str, ...] = ("holm", "bh", "none")
_SIGNS = 1 << 24  # random signs held at once


def paired_test(
    sums: Numbers, counts: Numbers, *, test: Test = "t", draws: int = 10_000, rng: int | np.random.Generator = 0
) -> tuple[float, float]:
    r"""Two-sided p value of "no difference in the mean over lists", and the size of the effect.

    Args:
        sums: of each user, the sum of the differences of that user's lists ``[U]``.
        counts: of each user, how many lists that is ``[U]``, above 0.
        test: ``"t"``: Student's t of the mean with the standard error over users; ``"permutation"``: each user's sum
            keeps its size and takes a random sign, ``draws`` times; ``"wilcoxon"``: signed ranks of the users' means.
        draws: of the permutation test.
        rng: seed or generator of its signs.

    Returns:
        p and the effect: :math:`d_z = \bar d / s_d` for t and permutation, the matched-pairs rank-biserial correlation
        (from −1 to 1) for Wilcoxon. Both NaN below two users; p is 1 and the effect 0 where nobody differs.

    >>> p, effect = paired_test(np.array([1.0, 2.0, 3.0]), np.ones(3))  # t = 2 / (1/√3) = 3.4641 with 2 df
    >>> round(p, 4), effect
    (0.0742, 2.0)
    """
    if len(sums) < 2:
        return math.nan, math.nan
    if not sums.any():
        return 1.0, 0.0
    if test == "wilcoxon":
        return _signed_ranks(sums / counts)
    t, effect = _student(sums, counts)
    if test == "permutation":
        return _sign_flips(sums, draws, np.random.default_rng(rng)), effect
    return two_sided(t, len(sums) - 1), effect


def two_sided(t: float, df: int) -> float:
    """P value of Student's t.

    >>> round(two_sided(2.0, 19), 4)
    0.06
    """
    from scipy.stats import t as student

    return float(2 * student.sf(abs(t), df))


def adjusted(p: Numbers, method: Adjust = "holm") -> Numbers:
    """P values at the price of having made all these tests; NaN ones are not counted and stay.

    ``"holm"`` keeps the chance of *any* false finding below the level, however the tests depend on one another;
    ``"bh"`` (Benjamini and Hochberg) the expected *share* of false ones among the findings; ``"none"`` neither.

    >>> adjusted(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    >>> adjusted(np.array([0.01, 0.04, 0.03]), "bh").round(6).tolist()
    [0.03, 0.04, 0.04]
    """
    result = np.array(p, dtype=np.float64)
    defined = ~np.isnan(result)
    m = int(defined.sum())
    if not m or method == "none":
        return result
    if method == "bh":
        from scipy.stats import false_discovery_control

        result[defined] = false_discovery_control(result[defined])
        return result
    order = np.flatnonzero(defined)[np.argsort(result[defined], kind="stable")]
    result[order] = np.minimum(np.maximum.accumulate(result[order] * np.arange(m, 0, -1)), 1.0)
    return result


def _student(sums: Numbers, counts: Numbers) -> tuple[float, float]:
    """T and d_z of the mean over all lists, those of one user being one draw; with one list each the plain paired t."""
    n = len(sums)
    mean = sums.sum() / counts.sum()
    spread = math.sqrt(float(((sums - mean * counts) ** 2).sum()) / (n - 1)) * n / float(counts.sum())
    if spread <= 1e-12 * abs(mean):  # all differ by the same amount, up to rounding
        return math.copysign(math.inf, mean), math.copysign(math.inf, mean)
    return float(mean / spread * math.sqrt(n)), float(mean / spread)


def _sign_flips(sums: Numbers, draws: int, generator: np.random.Generator) -> float:
    """Share of random signs whose total is as far from 0; what was seen is one of the draws."""
    sums = sums[sums != 0]  # a zero has no sign
    seen, as_far = abs(float(sums.sum())) * (1 - 1e-12), 0  # ties differ by rounding only
    step = max(1, _SIGNS // len(sums))
    for start in range(0, draws, step):
        signs = generator.integers(0, 2, (min(step, draws - start), len(sums)), dtype=np.int8) * 2.0 - 1.0
        as_far += int((np.abs(signs @ sums) >= seen).sum())
    return (as_far + 1) / (draws + 1)


def _signed_ranks(means: Numbers) -> tuple[float, float]:
    from scipy.stats import rankdata, wilcoxon

    means = means[means != 0]
    ranks = rankdata(np.abs(means))
    effect = float((ranks * np.sign(means)).sum() / ranks.sum())
    return float(wilcoxon(means).pvalue), effect
