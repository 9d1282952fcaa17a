"""Baseline without a network: counts of words and characters, with context, and logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from affekt.core.dialogues import earlier
from affekt.core.sample import Sample

CONTEXT_WEIGHT = 0.5
HISTORY = 8  # turns
COSTS, BALANCES = (0.3, 1.0, 3.0, 10.0), (None, "balanced")


def fit_words(
    train: list[Sample], validation: list[Sample], *, context: bool
) -> tuple[LogisticRegression, Vectors, dict[str, object]]:
    """The regression that validation selects by weighted F1, its vectors, and its settings."""
    vectors = Vectors(train, context=context)
    given, held = vectors(train), vectors(validation)
    truth, expected = [it.label for it in train], [it.label for it in validation]
    best: tuple[float, LogisticRegression, dict[str, object]] | None = None
    for cost in COSTS:
        for balance in BALANCES:
            model = LogisticRegression(C=cost, class_weight=balance, max_iter=400).fit(given, truth)
            score = float(f1_score(expected, model.predict(held), average="weighted"))
            if best is None or score > best[0]:
                best = (score, model, {"C": cost, "class_weight": balance, "validation": score})
    assert best is not None
    return best[1], vectors, best[2]


class Vectors:
    """TF-IDF of words (1 to 2) and of characters in words (2 to 5), of a line and of its context."""

    def __init__(self, train: list[Sample], *, context: bool) -> None:
        self.context = context
        self.words = TfidfVectorizer(
            ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[^\w\s]+", min_df=2, sublinear_tf=True
        )
        self.characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=3, lowercase=False, sublinear_tf=True
        )
        lines = [words_of(it) for it in train]
        self.words.fit(lines)
        self.characters.fit(lines)

    def __call__(self, samples: list[Sample]) -> Any:
        """A sparse row for each sample."""
        own = [words_of(it) for it in samples]
        blocks: list[Any] = [self.words.transform(own), self.characters.transform(own)]
        if self.context:
            before = [earlier(it, HISTORY) for it in samples]
            last = [words_of(turns[-1]) if turns else "" for turns in before]
            self_last = [
                next((words_of(t) for t in reversed(turns) if t.speaker == it.speaker), "")
                for it, turns in zip(samples, before, strict=True)
            ]
            history = [" ".join(map(words_of, turns)) for turns in before]
            further: list[Any] = [self.words.transform(it) for it in (last, self_last, history)]
            blocks += [CONTEXT_WEIGHT * block for block in further]
        return sparse.hstack(blocks).tocsr()


def words_of(sample: Sample) -> str:
    """The words of a turn; empty if it has none."""
    return sample.media.get("text", "")


def predictions(model: LogisticRegression, vectors: Vectors, samples: list[Sample]) -> np.ndarray:
    """Labels by name."""
    return np.asarray(model.predict(vectors(samples)))
