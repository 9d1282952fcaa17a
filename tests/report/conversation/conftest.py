"""An invented conversation, and its answers."""

import pytest

from affekt.core.answers.prediction import Prediction, Provenance

LABELS = ("anger", "joy", "neutral")
SOURCE = Provenance("spcl", "3f" * 32, "1")


def make(number, speaker, text, label="joy", confidence=0.75, *, span=None, dialogue="kitchen.srt", **more):
    left = (1 - confidence) / (len(LABELS) - 1)
    scores = {name: confidence if name == label else left for name in LABELS}
    return Prediction(
        f"{dialogue}:{number}",
        label,
        scores,
        confidence,
        "text",
        SOURCE,
        span,
        text=text,
        dialogue=dialogue,
        turn=number,
        speaker=speaker,
        **more,
    )


@pytest.fixture(scope="session")
def answer():
    """A function that makes the answer to a line."""
    return make


@pytest.fixture
def talk():
    """Three lines of two speakers, with times."""
    return [
        make(1, "Ana", "You left the stove on.", "anger", 0.875, span=(1.0, 2.5)),
        make(2, "Ben", "Did I?\nNo!", "neutral", 0.4, span=(2.25, 3.0)),
        make(3, "Ana", "Smell it.", "anger", 0.625, span=(3.5, 4.0), notes=("1 of 2 words is unknown",)),
    ]
