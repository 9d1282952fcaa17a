"""How well speech is found: with Silero VAD, and by loudness alone.

    python benchmarks/voice_activity.py --ravdess DIR --emodb DIR

Acted utterances without the silence at their ends are put into a background at known times, with pauses of
0.7 to 3 s between them, so that the truth is known. The truth counts soft parts and short pauses inside of an
utterance as speech. Where espeak-ng is installed, synthetic sentences are used likewise. The tables show the
shares of frames of 32 ms that are right, how many utterances are found as exactly one turn by the length of
the pause that ends a turn, and how long the recordings are.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from timing import as_table, machine, write_report

from affekt.data.open import open_dataset
from affekt.media.sound import Waveform, read_sound, sound_of
from affekt.media.sound.views import sounding_span
from affekt.media.voices import ActivitySettings, VoiceActivity, find_speech, open_activity
from affekt.media.voices.energy import EnergyActivity

OUTPUT = Path(__file__).parent / "results" / "voice_activity.md"
RATE_HZ, FRAME = 16_000, 512
UTTERANCES = 50  # of a set, in each background
SINGLE = 200  # recordings of one sentence, of each set
PAUSES_S = (0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
ABOVE_DB = (6.0, 9.0, 12.0, 15.0, 18.0)
SENTENCES = (
    "I did not expect to see you here today.",
    "She was very happy when the letter arrived.",
    "Why did nobody tell me about it?",
    "The train leaves at nine, and we are late again.",
    "He put the keys on the table and left.",
    "That is the best news I have heard this year.",
)

Random = np.random.Generator
Background = Callable[[int, Random], np.ndarray]


# ---- backgrounds, each with the power 1


def white(count: int, rng: Random) -> np.ndarray:
    return rng.standard_normal(count)


def pink(count: int, rng: Random) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    found = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 50.0)), count)
    return found / found.std()


def chords(count: int, rng: Random) -> np.ndarray:
    """Chords of decaying tones with overtones, two a second: no voice, but loud and harmonic."""
    found = np.zeros(count)
    length = RATE_HZ
    decay = np.exp(-np.arange(length) / (0.3 * RATE_HZ))
    for start in range(0, count - length, RATE_HZ // 2):
        root = 110 * 2 ** (rng.integers(0, 12) / 12)
        for ratio in (1, 5 / 4, 3 / 2, 2):
            tone = sum(
                np.sin(2 * np.pi * root * ratio * k * np.arange(length) / RATE_HZ) / k for k in (1, 2, 3)
            )
            found[start : start + length] += decay * tone
    return found / found.std()


BACKGROUNDS: tuple[tuple[str, Background, float], ...] = (
    ("a quiet room, 50 dB below the voice", white, 50.0),
    ("pink noise, 20 dB below", pink, 20.0),
    ("pink noise, 10 dB below", pink, 10.0),
    ("pink noise, as loud", pink, 0.0),
    ("chords, 20 dB below", chords, 20.0),
    ("chords, 10 dB below", chords, 10.0),
)


# ---- sounds with known speech


def utterances(name: str, root: Path, count: int, rng: Random) -> list[np.ndarray]:
    """Utterances without the silence at their ends, at the same loudness."""
    samples = open_dataset(name, root).samples
    chosen = rng.choice(len(samples), min(count, len(samples)), replace=False)
    return [trimmed(sound_of(samples[int(number)], rate_hz=RATE_HZ).samples[0]) for number in chosen]


def synthetic(count: int) -> list[np.ndarray]:
    """Sentences of espeak-ng in several voices; empty without it."""
    if shutil.which("espeak-ng") is None:
        return []
    found: list[np.ndarray] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder) / "said.wav"
            voice = ("en-us", "en-gb", "de", "fr")[number % 4]
            words = SENTENCES[number % len(SENTENCES)]
            speed = str(130 + 10 * (number % 6))
            subprocess.run(["espeak-ng", "-v", voice, "-s", speed, "-w", str(path), words], check=True)
            found.append(trimmed(read_sound(path, rate_hz=RATE_HZ).samples[0]))
    return found


def trimmed(samples: np.ndarray) -> np.ndarray:
    start, stop = sounding_span(samples, RATE_HZ, below_db=35.0, margin_s=0.0)
    spoken = samples[start:stop]
    return spoken * (0.05 / max(float(np.sqrt(np.square(spoken).mean())), 1e-6))


def planted(
    spoken: Sequence[np.ndarray], background: Background, below_db: float, rng: Random
) -> tuple[Waveform, list[tuple[float, float]]]:
    """Utterances in a background, and when they are."""
    gaps = rng.uniform(0.7, 3.0, len(spoken) + 1)
    places: list[tuple[int, int]] = []
    place = 0
    for gap, one in zip(gaps[:-1], spoken, strict=True):
        place += round(gap * RATE_HZ)
        places.append((place, place + len(one)))
        place += len(one)
    count = place + round(gaps[-1] * RATE_HZ)
    sound = background(count, rng) * 0.05 * 10 ** (-below_db / 20)
    for (start, stop), one in zip(places, spoken, strict=True):
        sound[start:stop] += one
    spans = [(start / RATE_HZ, stop / RATE_HZ) for start, stop in places]
    return Waveform(sound.clip(-1, 1)[None].astype(np.float32), RATE_HZ), spans


# ---- scores


def shares(found: Sequence[tuple[float, float]], truth: Sequence[tuple[float, float]], duration_s: float):
    """Share of the frames of speech, and of those without, that are right."""
    said, is_speech = (as_frames(spans, duration_s) for spans in (found, truth))
    return float(said[is_speech].mean()), float((~said)[~is_speech].mean())


def as_frames(spans: Sequence[tuple[float, float]], duration_s: float) -> np.ndarray:
    """Whether the middle of each frame is in a span."""
    middles = (np.arange(round(duration_s * RATE_HZ / FRAME)) + 0.5) * FRAME / RATE_HZ
    inside = np.zeros(len(middles), bool)
    for start_s, end_s in spans:
        inside |= (middles >= start_s) & (middles < end_s)
    return inside


def as_one(found: Sequence[tuple[float, float]], truth: Sequence[tuple[float, float]]) -> float:
    """Share of the utterances that overlap exactly one turn, which overlaps no other utterance."""
    good = 0
    for span in truth:
        mine = [one for one in found if overlap(one, span) > 0]
        good += len(mine) == 1 and sum(overlap(mine[0], other) > 0 for other in truth) == 1
    return good / len(truth)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])


def frame_rows(
    sets: dict[str, list[np.ndarray]], detectors: dict[str, VoiceActivity]
) -> Iterator[tuple[str, ...]]:
    for number, (title, background, below_db) in enumerate(BACKGROUNDS):
        for name, spoken in sets.items():
            sound, truth = planted(spoken, background, below_db, np.random.default_rng([7, number]))
            cells = [f"{name}, {title}"]
            for detector in detectors.values():
                found = find_speech(sound, detector)
                right, quiet = shares(found.spans_s, truth, sound.duration_s)
                cells += [f"{right:.3f}", f"{quiet:.3f}", f"{as_one(found.spans_s, truth):.2f}"]
            yield tuple(cells)


def threshold_rows(sets: dict[str, list[np.ndarray]]) -> Iterator[tuple[str, ...]]:
    """The fallback by its threshold: means over the acted sets."""
    for above_db in ABOVE_DB:
        cells = [f"{above_db:g} dB"]
        for number, (_, background, below_db) in enumerate(BACKGROUNDS):
            values = []
            for spoken in sets.values():
                sound, truth = planted(spoken, background, below_db, np.random.default_rng([7, number]))
                found = find_speech(sound, EnergyActivity(above_db=above_db))
                values.append(shares(found.spans_s, truth, sound.duration_s))
            cells.append(" / ".join(f"{value:.2f}" for value in np.mean(values, axis=0)))
        yield tuple(cells)


class Computed:
    """A detector whose scores of one sound are computed once."""

    def __init__(self, detector: VoiceActivity, sound: Waveform) -> None:
        self.name, self.rate_hz, self.frame_s = detector.name, detector.rate_hz, detector.frame_s
        self.on, self.off = detector.on, detector.off
        self._scores = list(detector.scores([sound.samples[0]]))

    def scores(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for _ in blocks:
            pass
        yield from self._scores


def whole_rows(roots: dict[str, Path], detectors: dict[str, VoiceActivity]) -> Iterator[tuple[str, ...]]:
    """Share of unchanged recordings of one sentence that are one turn, none, or several, by the pause."""
    for name, root in roots.items():
        samples = open_dataset(name, root).samples
        chosen = np.random.default_rng(1).choice(len(samples), min(SINGLE, len(samples)), replace=False)
        sounds = [sound_of(samples[int(number)], rate_hz=RATE_HZ) for number in chosen]
        for title, detector in detectors.items():
            computed = [Computed(detector, sound) for sound in sounds]
            cells = [f"{name}, {title}"]
            for pause_s in PAUSES_S:
                settings = ActivitySettings(least_silence_s=pause_s)
                counts = [
                    len(find_speech(sound, once, settings).spans_s)
                    for sound, once in zip(sounds, computed, strict=True)
                ]
                cells.append(f"{np.mean([one == 1 for one in counts]):.3f}")
            yield tuple(cells)


def length_rows(roots: dict[str, Path]) -> Iterator[tuple[str, ...]]:
    for name, root in roots.items():
        lengths = []
        for sample in open_dataset(name, root).samples:
            samples = sound_of(sample, rate_hz=RATE_HZ).samples[0]
            start, stop = sounding_span(samples, RATE_HZ, below_db=35.0, margin_s=0.1)
            lengths.append((stop - start) / RATE_HZ)
        yield (name, *(f"{value:.1f} s" for value in np.percentile(lengths, (1, 50, 90, 99))))


def cost(detector: VoiceActivity, sound: Waveform) -> str:
    start = time.process_time()
    find_speech(sound, detector)
    return f"{(time.process_time() - start) / sound.duration_s * 1e3:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ravdess", type=Path, required=True)
    parser.add_argument("--emodb", type=Path, required=True)
    given = parser.parse_args()
    roots = {"ravdess": given.ravdess, "emodb": given.emodb}
    detectors = {"Silero VAD": open_activity("silero"), "loudness": open_activity("energy")}
    rng = np.random.default_rng(0)
    sets = {name: utterances(name, root, UTTERANCES, rng) for name, root in roots.items()}
    if said := synthetic(UTTERANCES // 2):
        sets["espeak-ng"] = said
    acted = {name: sets[name] for name in roots}
    example, _ = planted(sets["ravdess"], white, 50.0, rng)
    columns = [f"{title}: {what}" for title in detectors for what in ("speech", "rest", "one turn")]
    write_report(
        OUTPUT,
        [
            "# Speech that is found, with Silero VAD and by loudness alone",
            "",
            "Share of the frames of speech that are found, of the other frames that are left out, and of the "
            "utterances that are one turn of their own. Pauses between utterances last 0.7 to 3 s.",
            "",
            *as_table(("utterances and background", *columns), list(frame_rows(sets, detectors))),
            "",
            "By loudness, for other thresholds above the background (`energy.ABOVE_DB`): speech / rest, "
            "means over RAVDESS and EmoDB. The threshold is chosen on the same sounds, so the table above is "
            "a little optimistic for it.",
            "",
            *as_table(("threshold", *(title for title, _, _ in BACKGROUNDS)), list(threshold_rows(acted))),
            "",
            f"Unchanged recordings of one sentence ({SINGLE} of each set) that are found as exactly one "
            "turn, by the pause that ends a turn (`ActivitySettings.least_silence_s`).",
            "",
            *as_table(
                ("recordings", *(f"{pause_s:g} s" for pause_s in PAUSES_S)),
                list(whole_rows(roots, detectors)),
            ),
            "",
            "How long utterances last without the silence at their ends; the edition of EmoDB used here is "
            "cut at 2 s.",
            "",
            *as_table(("recordings", "1 %", "median", "90 %", "99 %"), list(length_rows(roots))),
            "",
            f"{machine()} Processor time for a second of sound: "
            + ", ".join(f"{title} {cost(detector, example)}" for title, detector in detectors.items())
            + ".",
        ],
    )


if __name__ == "__main__":
    main()
