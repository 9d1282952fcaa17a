"""Networks that answer by a rule, in the place of trained ones, and media that are open."""

from pathlib import Path

import numpy as np
import pytest

from affekt.analysis.found import OpenMedium
from affekt.core.answers.calibration import Calibration
from affekt.core.answers.prediction import Provenance
from affekt.core.dialogues import earlier
from affekt.core.labels import LabelSet
from affekt.core.spec import InputSpec, TensorSpec
from affekt.core.task import find_task
from affekt.core.timeline.parts import Medium
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.sound import sound_duration_s, sound_of


class Rule:
    """Preprocessing that makes one number of a sample."""

    def __init__(self, modality, value_of, earlier_turns):
        self._value_of, self.earlier_turns = value_of, earlier_turns
        self.spec = InputSpec(
            inputs=(TensorSpec(name="value", axes="b d", shape=(1,), meaning="a number", modality=modality),)
        )

    def fit(self, samples):
        return {}

    def views(self, sample):
        return [self(sample)]

    def __call__(self, sample, *, rng=None):
        return {"value": np.array([self._value_of(sample)], np.float32)}


class Sign:
    """A network of two classes, whose logits are the number and its negative."""

    def __call__(self, batch):
        return np.concatenate([batch["value"], -batch["value"]], axis=1)

    def outputs(self, batch):
        return {"logits": self(batch)}


@pytest.fixture(scope="session")
def answer_by():
    """A function that makes a predictor of the classes `high` and `low` from a rule for the number."""

    def make(modality, value_of, *, earlier_turns=0):
        return Predictor(
            network=Sign(),
            preprocess=Rule(modality, value_of, earlier_turns),
            labels=LabelSet.of("high", "low"),
            task=find_task("single_label"),
            modality=modality,
            calibration=Calibration(),
            provenance=Provenance("a_rule", "0" * 64, "0"),
            document={"data": {"name": "images"}},
        )

    return make


@pytest.fixture(scope="session")
def by_loudness(answer_by):
    """A voice network: sound with a mean power above 0.01 is `high`."""

    def power(sample):
        return 1000 * (float(np.square(sound_of(sample).samples).mean()) - 0.01)

    return answer_by("audio", power)


@pytest.fixture(scope="session")
def by_questions(answer_by):
    """A text network with one turn of context: a line is `high` if it, or the line before it, asks."""

    def asks(sample):
        said = [sample.media["text"], *(turn.media["text"] for turn in earlier(sample, 1))]
        return 1.0 if any("?" in text for text in said) else -1.0

    return answer_by("text", asks, earlier_turns=1)


@pytest.fixture(scope="session")
def opened():
    """A function that opens a sound, without a picture."""

    def open_sound(sound, path=Path("talk.wav"), *, duration_s=None, has_sound=True):
        return OpenMedium(
            Medium(
                path=str(path),
                duration_s=sound_duration_s(sound) if duration_s is None else duration_s,
                has_sound=has_sound,
            ),
            path,
            None,
            sound if has_sound else None,
        )

    return open_sound


@pytest.fixture(scope="session")
def bursts():
    """A function that makes sound with a voice-like buzz at some times, in quiet noise."""
    from affekt.media.sound import Waveform

    def make(spans_s, duration_s, *, rate_hz=16_000, levels=None, noise=1e-3):
        times = np.arange(round(duration_s * rate_hz)) / rate_hz
        samples = np.random.default_rng(0).normal(0, noise, len(times))
        for number, (start_s, end_s) in enumerate(spans_s):
            inside = (times >= start_s) & (times < end_s)
            level = 0.3 if levels is None else levels[number]
            buzz = sum(np.sin(2 * np.pi * 140 * k * times) / k for k in range(1, 12))
            samples += inside * level * buzz / 2
        return Waveform(samples[None].astype(np.float32).clip(-1, 1), rate_hz)

    return make
