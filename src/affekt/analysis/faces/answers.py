"""Answers of a network to cut faces, in batches over several frames; kept as arrays."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from affekt.core.errors import UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.faces.crop import CutFace


class Answers(NamedTuple):
    """Answers to n faces.

    Attributes:
        labels: Names of the k classes; empty for ratings.
        scores: (n, k) float32, calibrated; a row of NaN where the network gave none.
        ratings: Names of the r ratings; empty for classes.
        values: (n, r) float32.
        trust: (n,) float32 in (0, 1].
        notes: (n,) places in `texts`.
        texts: Sets of notes.
    """

    labels: tuple[str, ...]
    scores: np.ndarray
    ratings: tuple[str, ...]
    values: np.ndarray
    trust: np.ndarray
    notes: np.ndarray
    texts: list[tuple[str, ...]]


class FaceAnswers:
    """Collects faces, and answers them in batches.

    Raises:
        UsageError: The network's answer is neither one class nor ratings.
    """

    def __init__(self, predictor: Predictor, batch_size: int) -> None:
        if predictor.task.name not in ("single_label", "regression"):
            raise UsageError(
                f"the answer of {predictor.provenance.method} is {predictor.task.name}: faces over time are "
                "answered by networks of one class or of ratings"
            )
        self._predictor, self._batch_size = predictor, batch_size
        self._waiting: list[Sample] = []
        self._names: tuple[str, ...] = ()
        self._has_classes = predictor.task.name == "single_label"
        self._rows, self._trust, self._notes = array("f"), array("f"), array("l")
        self._texts: dict[tuple[str, ...], int] = {(): 0}
        self._before: list[int] = []  # faces without an answer, before any answer named the classes
        self.skipped: dict[str, int] = {}  # reasons why the network gave no answer, and how often

    def add(self, face: CutFace) -> int:
        """Take a face; its place in `finish`."""
        place = len(self._trust)
        self._trust.append(face.trust)
        self._notes.append(self._texts.setdefault(face.notes, len(self._texts)))
        self._waiting.append(Sample(id=str(place), media={"image": face.pixels}))
        if len(self._waiting) >= self._batch_size:
            self._answer()
        return place

    def finish(self) -> Answers:
        """All answers."""
        self._answer()
        count = len(self._trust)
        rows = (
            np.frombuffer(self._rows, np.float32).reshape(count, -1) if self._names else np.zeros((count, 0))
        )
        none = np.zeros((count, 0), np.float32)
        return Answers(
            labels=self._names if self._has_classes else (),
            scores=rows if self._has_classes else none,
            ratings=() if self._has_classes else self._names,
            values=none if self._has_classes else rows,
            trust=np.frombuffer(self._trust, np.float32) if count else np.zeros(0, np.float32),
            notes=np.array(self._notes, int),
            texts=list(self._texts),
        )

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        for answer in self._predictor.answers(waiting, batch_size=self._batch_size):
            if isinstance(answer, Skipped):
                self.skipped[answer.reason] = self.skipped.get(answer.reason, 0) + 1
                if self._names:
                    self._rows.extend([np.nan] * len(self._names))
                else:
                    self._before.append(1)
                continue
            found = answer.scores if self._has_classes else (answer.values or {})
            if not self._names:
                self._names = tuple(found)
                self._rows.extend([np.nan] * len(self._names) * len(self._before))
            self._rows.extend(found[name] for name in self._names)
            if answer.notes:  # of the network, or of the picture that it was given
                place = int(answer.id)
                both = (*list(self._texts)[self._notes[place]], *answer.notes)
                self._notes[place] = self._texts.setdefault(both, len(self._texts))
