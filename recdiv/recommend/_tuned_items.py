"""The text encoder trained together with the Transformer over histories: LoRA, or all of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from recdiv._extras import require
from recdiv.lm import TextEncoder
from recdiv.lm.encoder import batches, mean_pool
from recdiv.lm.weights import quiet
from recdiv.recommend._text_items import TextItems
from recdiv.recommend._windows import PAD


class TunedItems(TextItems):
    """Items whose text is read anew as the encoder learns.

    To read the whole catalogue at every step would cost minutes a step. Each step reads some of the items that its
    histories hold or lead to (``live`` of them, drawn anew), with gradients; all others stand with the vectors they
    were last read to, and every vector is read anew when an epoch ends.
    """

    def __init__(self, reader: Reader, *arguments: Any, live: int, reader_rate: float, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self.reader, self.live, self.reader_rate = reader, live, reader_rate
        self._now: Tensor | None = None

    def texts(self) -> Tensor:
        return self.vectors if self._now is None else self._now

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.reader.eval()  # no dropout there: what was read just now must be like what was read before
        return self

    def loss(self, rows: Tensor, targets: Tensor) -> Tensor:
        items: Tensor = torch.cat([rows[rows != PAD], targets[targets != PAD]]).unique()  # type: ignore[no-untyped-call]
        items = items[torch.randperm(len(items))[: self.live].to(items.device)]
        fresh = self.reader(items.tolist())
        self._now = self.vectors.index_put((items,), fresh)
        loss = super().loss(rows, targets)
        self._now = None
        self.vectors[items] = fresh.detach()
        return loss

    @torch.no_grad()
    def refresh(self) -> None:
        for rows in batches(self.reader.lengths, _TOKENS):
            self.vectors[rows] = self.reader(rows)

    def groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        inside = {id(each) for each in self.reader.parameters()}
        groups = super().groups(learning_rate, weight_decay)
        rest = [{**group, "params": [w for w in group["params"] if id(w) not in inside]} for group in groups]
        tuned = [weight for weight in self.reader.parameters() if weight.requires_grad]
        return [*rest, {"params": tuned, "peak": self.reader_rate, "weight_decay": 0.0}]


_TOKENS = 8_192  # padded tokens read at once where no gradient is kept


class Reader(nn.Module):
    """A copy of an encoder's network and the catalogue's tokens: item rows in, unit vectors ``[n, D]`` out.

    Args:
        encoder: whose published weights to start from; it stays as it is.
        texts: of all items.
        rank: of LoRA, on the modules that ``peft`` takes for this kind of network; None trains every weight.
    """

    def __init__(self, encoder: TextEncoder, texts: Sequence[str], *, rank: int | None) -> None:
        super().__init__()
        transformers = require("transformers", "lm")
        options = {"trust_remote_code": False, "local_files_only": True}
        folder = encoder.weights.folder
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
            network = transformers.AutoModel.from_pretrained(folder, use_safetensors=True, **options).float()
        self.tokens = tokenizer(list(texts), truncation=True, max_length=encoder.max_length)["input_ids"]
        self.lengths = [len(each) for each in self.tokens]
        self.dimension = int(network.config.hidden_size)
        self._pad = tokenizer.pad_token_id or 0
        if rank is not None:
            peft = require("peft", "lm")
            settings = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, bias="none")
            network = peft.get_peft_model(network, settings)
        self.network = network

    def forward(self, items: Sequence[int]) -> Tensor:
        device = next(self.network.parameters()).device
        width = max(self.lengths[item] for item in items)
        ids = torch.full((len(items), width), self._pad)
        mask = torch.zeros(len(items), width, dtype=torch.long)
        for row, item in enumerate(items):
            ids[row, : self.lengths[item]] = torch.tensor(self.tokens[item])
            mask[row, : self.lengths[item]] = 1
        ids, mask = ids.to(device), mask.to(device)
        return mean_pool(self.network(input_ids=ids, attention_mask=mask).last_hidden_state, mask)
