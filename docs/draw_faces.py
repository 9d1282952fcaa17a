"""Draw docs/faces.png: predictions of the starter `compact_face` for drawn faces (`make face-picture`)."""

from __future__ import annotations

from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.data.open import open_dataset
from affekt.deploy.load import load
from affekt.media.image import read_image
from affekt.report.answers import draw_answers

ROOT = Path(__file__).parents[1]


def main() -> None:
    """One face of each emotion, each of another person, not selected by the prediction."""
    corpus = open_dataset("drawn_faces")
    shown = [
        next(s for s in corpus.samples if s.label == label and s.subject == f"person-{number:02d}")
        for number, label in enumerate(corpus.labels.names, start=1)
    ]
    answers = [a for a in load("compact_face").predict(shown) if isinstance(a, Prediction)]
    draw_answers(
        [read_image(sample.media["image"]) for sample in shown],
        [(a.label, a.scores, sample.label) for a, sample in zip(answers, shown, strict=True)],
        ROOT / "docs" / "faces.png",
        title="Trained on photographs, applied to drawings",
    )


if __name__ == "__main__":
    main()
