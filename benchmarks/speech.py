"""Speech recognition on synthetic speech, word error rate and processor time: `make speech-benchmarks`.

It needs the extra `asr`, the asset `whisper_tiny_en`, and espeak-ng. Synthetic voices say how the module
works, not how well it hears people: those who speak with emotion or an accent are heard worse.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from timing import as_table, machine, write_report

from affekt.media.sound import sound_duration_s
from affekt.media.speech import Whisper

OUTPUT = Path(__file__).parent / "results" / "speech.md"
VOICES = ("en-us", "en-gb")
SENTENCES = (
    "I did not expect to see you here today.",
    "The train to the city leaves at seven in the morning.",
    "Please close the window, because it is getting cold.",
    "She was very happy when the letter arrived.",
    "We have been waiting for two hours and nobody told us anything.",
    "My brother never forgets a birthday.",
    "Why would you say something like that to him?",
    "The children played in the garden until it was dark.",
    "He lost his keys again and had to call his neighbour.",
    "That is the best news I have heard all year.",
)
# Whether words that are not English get a note.
OTHERS = {
    "de": "Ich habe heute Morgen den Zug verpasst und bin deshalb zu spät gekommen.",
    "fr": "Je ne savais pas que tu venais aujourd'hui, quelle bonne surprise.",
    "es": "No sabía que vendrías hoy, qué buena sorpresa.",
    "it": "Non sapevo che saresti venuto oggi, che bella sorpresa.",
    "pl": "Nie wiedziałem, że dziś przyjdziesz, co za niespodzianka.",
    "tr": "Bugün geleceğini bilmiyordum, ne güzel bir sürpriz.",
}


def words_of(text: str) -> list[str]:
    """Words in small letters, without punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def errors(said: list[str], heard: list[str]) -> int:
    """Words that have to be inserted, left out or exchanged."""
    row = np.arange(len(heard) + 1)
    for place, word in enumerate(said, start=1):
        changed = row[:-1] + np.array([word != other for other in heard], int)
        best = np.concatenate([[place], np.minimum(changed, row[1:] + 1)])
        # An insertion costs one more than the place before it.
        steps = np.arange(len(best))
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    hears = Whisper(threads=1)
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for voice in VOICES:
            wrong = total = doubts = 0
            taken: list[float] = []
            lasts: list[float] = []
            for number, sentence in enumerate(SENTENCES):
                path = Path(folder) / f"{voice}-{number}.wav"
                subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", path, sentence], check=True)
                if not taken:
                    hears.lines(path)  # loads the network
                start = time.process_time()
                lines = hears.lines(path)
                taken.append(time.process_time() - start)
                lasts.append(sound_duration_s(path))
                said = words_of(sentence)
                wrong += errors(said, words_of(" ".join(line.text for line in lines)))
                doubts += any(line.notes for line in lines)
                total += len(said)
            rate = f"{wrong / total:.3f} ({wrong} of {total} words)"
            cost = f"{median(taken):.2f} s for {median(lasts):.1f} s"
            rows.append((f"espeak-ng {voice}", rate, cost, f"{doubts} of {len(SENTENCES)}"))
        noted = unheard = 0
        for language, sentence in OTHERS.items():
            path = Path(folder) / f"{language}.wav"
            subprocess.run(["espeak-ng", "-v", language, "-w", path, sentence], check=True)
            lines = hears.lines(path)
            unheard += not lines
            noted += any(line.notes for line in lines)
    write_report(
        options.output,
        [
            "# Speech recognition",
            "",
            f"{machine()} faster-whisper {version('faster-whisper')}, ctranslate2 {version('ctranslate2')}, "
            "tiny.en in int8, one thread, processor time, medians.",
            "",
            *as_table(("voice", "word error rate", "a sentence", "noted as doubtful"), rows),
            "",
            f"Of {len(OTHERS)} sentences in other languages ({', '.join(OTHERS)}), {noted} were noted as "
            f"doubtful and nothing was heard in {unheard}; the words of the other "
            f"{len(OTHERS) - noted - unheard} are wrong without a note.",
        ],
    )


if __name__ == "__main__":
    main()
