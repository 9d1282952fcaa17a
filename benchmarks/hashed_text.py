"""A network of hashed n-grams, to compare with word pieces: embeddings of buckets, attention, two layers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from affekt.metrics.classification import confusion_matrix, scores_of

BUCKETS, WIDTH, HIDDEN, HEADS = 1 << 16, 32, 64, 4  # 2.1 million weights: 2.1 MB in 8 bits
WORD = re.compile(r"\[name\]|\[religion\]|[a-z]+(?:'[a-z]+)?|\d+|[^\w\s]")
WORDS, EPOCHS, BATCH, RATE, HIDE = 64, 4, 64, 2e-3, 0.15


class HashedText(nn.Module):
    """Mean of the n-grams of a line and their means weighted by attention, then two layers."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.grams = nn.Embedding(BUCKETS, WIDTH, padding_idx=0)
        nn.init.normal_(self.grams.weight, 0, 0.1)
        self.attention = nn.Linear(WIDTH, HEADS)
        self.head = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(WIDTH * (1 + HEADS), HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(HIDDEN, classes),
        )

    def forward(self, ids: Tensor) -> Tensor:
        is_gram = (ids != 0).unsqueeze(2)
        grams = self.grams(ids) * is_gram
        mean = grams.sum(dim=1) / is_gram.sum(dim=1).clamp(min=1)
        weights = self.attention(grams).masked_fill(~is_gram, -1e4).softmax(dim=1)
        return self.head(torch.cat([mean, (weights.transpose(1, 2) @ grams).flatten(1)], dim=1))


def buckets_of(line: str) -> np.ndarray:
    """Buckets of the words, pairs of words, and three and four characters of a line; 0 is padding."""
    words = WORD.findall(line.lower())[:WORDS]
    grams = [f"w{word}" for word in words] + [f"p{a} {b}" for a, b in pairwise(words)]
    for word in (f"<{word}>" for word in words if len(word) > 2):
        grams += [f"c{word[at : at + n]}" for n in (3, 4) for at in range(len(word) - n + 1)]
    return np.array([1 + zlib.crc32(gram.encode()) % (BUCKETS - 1) for gram in grams] or [0])


def train_hashed(
    train: tuple[Sequence[str], np.ndarray],
    validation: tuple[Sequence[str], np.ndarray],
    weights: np.ndarray,
    seed: int,
) -> HashedText:
    """The epoch with the best macro F1 on validation lines.

    Args:
        weights: Of the classes in the loss.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    rows, actual = [buckets_of(line) for line in train[0]], train[1]
    model = HashedText(len(weights))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    steps = EPOCHS * (len(rows) // BATCH + 32)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / steps))
    best, kept = -1.0, model.state_dict()
    for _ in range(EPOCHS):
        model.train()
        for batch in _batches(rows, rng):
            ids = _padded([rows[row] for row in batch])
            logits = model(ids * (torch.rand(ids.shape) > HIDE))
            loss = nn.functional.cross_entropy(
                logits, torch.from_numpy(actual[batch]), torch.from_numpy(weights.astype(np.float32))
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay.step()
        found = hashed_probability(model, validation[0]).argmax(axis=1)
        score = scores_of(confusion_matrix(validation[1], found, len(weights)))["macro_f1"]
        if score > best:
            best, kept = score, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    return model.eval()


def hashed_probability(model: HashedText, lines: Sequence[str]) -> np.ndarray:
    """Probabilities (n, k) of lines."""
    model.eval()
    rows = [buckets_of(line) for line in lines]
    order = np.argsort([len(row) for row in rows])
    found: np.ndarray | None = None
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            part = model(_padded([rows[row] for row in batch])).softmax(dim=1).numpy()
            found = np.zeros((len(rows), part.shape[1])) if found is None else found
            found[batch] = part
    assert found is not None
    return found


def _batches(rows: list[np.ndarray], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of lines of similar lengths, in random order."""
    order, batches = rng.permutation(len(rows)), []
    for start in range(0, len(order), 32 * BATCH):
        block = order[start : start + 32 * BATCH]
        block = block[np.argsort([len(rows[row]) for row in block], kind="stable")]
        batches += [block[at : at + BATCH] for at in range(0, len(block), BATCH)]
    rng.shuffle(batches)
    yield from batches


def _padded(rows: list[np.ndarray]) -> Tensor:
    batch = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in zip(batch, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(batch)
