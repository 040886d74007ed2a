"""How probable a causal language model finds a text after a context: the second lens of the book."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from tqdm import tqdm

from recdiv.lm import _batches
from recdiv.lm._causal import Causal, Source
from recdiv.lm._requests import Context, Requests, checked_contexts
from recdiv.lm._texts import checked_texts

_BAR_FROM = 500  # texts left to score from which a progress bar is worth its line


@runtime_checkable
class Scorer(Protocol):
    """What a metric asks of a language model: :class:`CausalScorer`, or one of your own."""

    def log_likelihood(self, texts: Sequence[str], *, contexts: Sequence[Context] | None = None) -> Tensor:
        """Nats ``[n]``: ln p(text, end | context) of each text; a context is a sequence of texts, oldest first."""
        ...

    def lengths(self, texts: Sequence[str]) -> Tensor:
        """In how many pieces each text is scored, its end included, int64 ``[n]``."""
        ...


class CausalScorer:
    r"""Log-likelihoods of texts after contexts, from a causal language model.

    .. math:: \ln p(x \mid c) = \sum_{t=1}^{T+1} \ln p(x_t \mid \text{begin}, c, x_{<t}), \qquad x_{T+1} = \text{end}

    **Beginning.** Every sequence starts with the tokenizer's beginning token, or its end token where it has none. So
    ln p(x) without a context is that of a text that begins.

    **Contexts.** A context of several texts (a history) reads as these texts, oldest first, each closed by the end
    token, or by ``separator``: the text asked about continues a list of such texts. A context that is one string stands
    as it is.

    **Boundary.** Context and text are tokenised apart. Then a text is the same tokens after any context, and
    ln p(x|c) − ln p(x) compares like with like; tokenised together, tokens could straddle the boundary and the
    question would change. A text that needs a space before it brings its own.

    The answer does not depend on batch, padding, order or neighbours (in float32 to a millionth of its size). A context
    shared by many texts is read once and kept as keys and values; the same question is answered once; and questions
    that continue one another, as those about the items of a list given the ones before, are read off one pass.

    Args:
        model: a hub name, a folder with safetensors, or a pair (model, tokenizer), which stays where it is.
        device: where to compute; ``None``: where the given model is, else a CUDA device where there is one.
        batch_tokens: padded tokens a batch, contexts included; ``None``: 4,096 on a CPU, 65,536 on a GPU, fewer for
            large vocabularies. Where memory does not suffice the number is halved, with a warning.
        separator: what closes each text of a context; ``None``: the end token.

    Raises:
        FileNotFoundError, ValueError: if the model cannot be had, has no end token, or does not fit its tokenizer.
    """

    def __init__(
        self,
        model: Source,
        *,
        device: str | torch.device | None = None,
        batch_tokens: int | None = None,
        separator: str | None = None,
    ) -> None:
        if batch_tokens is not None and batch_tokens < 1:
            raise ValueError(f"batch_tokens must be at least 1, got {batch_tokens}")
        self.causal = Causal(model, device=device)
        self.batch_tokens = batch_tokens or _batches.budget(self.causal)
        self.separator = separator

    def __repr__(self) -> str:
        return f"CausalScorer({self.causal.name}, {self.causal.n_tokens:,} tokens, on {self.causal.device})"

    def log_likelihood(
        self, texts: Iterable[str], *, contexts: Sequence[Context] | None = None, progress: bool | None = None
    ) -> Tensor:
        """Log-likelihoods ln p(text, end | context) in nats, float64 ``[n]`` on the CPU; at most 0, larger is likelier.

        Args:
            texts: any strings; an empty one has the likelihood of the end token.
            contexts: one a text ``[n]``: a string, or a sequence of texts. None: nothing was said before. A context
                that does not fit the model's window beside its text is cut from the left; a warning says how many were.
            progress: a bar on stderr; ``None`` shows one from 500 texts that must be scored.

        Raises:
            TypeError: if ``texts`` is one string, or something is not a string.
            ValueError: if ``contexts`` are not one a text, or a text alone is longer than the model's window.
            MemoryError: if one text with its context does not fit into memory.
        """
        listed = checked_texts(texts)
        requests = Requests(self.causal, listed, checked_contexts(contexts, len(listed)), self.separator)
        if requests.n_cut:
            warnings.warn(
                f"{requests.n_cut} of {requests.n_contexts} contexts were cut from the left to fit the window of "
                f"{self.causal.window} tokens",
                stacklevel=2,
            )
        jobs = requests.jobs()
        values = torch.zeros(len(requests), dtype=torch.float64)
        show = len(jobs) >= _BAR_FROM if progress is None else progress
        quiet: dict[str, Any] = {} if show else {"disable": True}
        with self.causal.at_rest(), tqdm(total=len(jobs), desc="score", unit="text", **quiet) as bar:
            for job, log_p in _batches.scored(self.causal, jobs, self):
                for request, start, stop in job.spans:
                    values[request] = log_p[start:stop].sum()
                bar.update()
        return values[requests.of_text]

    def lengths(self, texts: Iterable[str]) -> Tensor:
        """Tokens of each text, its end token included, int64 ``[n]``."""
        return torch.tensor([len(ids) + 1 for ids in self.causal.tokens(checked_texts(texts))], dtype=torch.int64)
