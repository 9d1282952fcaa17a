"""An invented collection of short clips, as a team would have it before `affekt project`.

    DIR/records.csv         clip_id, title, account_name, duration, emotion (with planted errors)
        media/<id>.mp4      a moving scene with speech or tones
              <id>.srt      subtitles
        ratings.csv         item, rater, label, round, rated_at, seconds: three raters with planted confusions
        planted.json        the truth: labels, wrong labels, copies, broken files, confusions

Title, scene, words and sound show the label with known shares, independently of each other, so that the best
accuracy from any subset is known (`affekt.invented.shares`). Speech is synthesised by `espeak-ng` where it is
installed, else tones take its place.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from affekt.invented.shares import Channel, accuracies, draw_cue
from affekt.media.sound import Waveform, read_sound
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

LABELS = ("joy", "fear", "sadness", "anger")
CHANNELS = {
    "title": Channel(0.30, 0.05),
    "text": Channel(0.45, 0.05),
    "video": Channel(0.45, 0.05),
    "audio": Channel(0.45, 0.05),
}
RATERS = ("ann", "ben", "cleo")
RATE_HZ, FRAME_RATE_HZ, HEIGHT, WIDTH = 16000, 8, 48, 64
_WORDS = {
    "joy": ("wedding", "winner", "festival", "laughing"),
    "fear": ("warning", "danger", "escape", "threat"),
    "sadness": ("funeral", "farewell", "lonely", "mourning"),
    "anger": ("protest", "outrage", "insult", "furious"),
}
_PLAIN = (
    "report",
    "street",
    "morning",
    "council",
    "station",
    "number",
    "window",
    "public",
    "office",
    "meeting",
)
_COLOURS = {"joy": (230, 190, 60), "fear": (110, 60, 150), "sadness": (60, 90, 190), "anger": (200, 50, 40)}
_GREY = (120, 120, 120)
_TONES_HZ = {"joy": 1400.0, "fear": 2600.0, "sadness": 350.0, "anger": 700.0}
# For each rater: how often a label is given as another one.
CONFUSIONS = {
    "ann": {},
    "ben": {("fear", "anger"): 0.3},
    "cleo": {("joy", "sadness"): 0.1, ("sadness", "fear"): 0.4},
}
SLIP = 0.05  # of each rating: any other label


@dataclass
class Planted:
    """What was planted.

    Attributes:
        labels: The truth for each item with a medium.
        wrong: Items whose recorded label is another one.
        copies: Pairs of an item and its copy: encoded again, or the same bytes.
        broken: Items by fault: `empty`, `text`, `cut_off`, `black`, `silent`, `without_medium`.
        best: The best accuracy from each subset of the channels.
        speech: Whether speech was synthesised.
    """

    labels: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    speech: bool = False


def make_collection(
    folder: Path, *, clips: int = 64, accounts: int = 12, wrong: float = 0.12, copies: int = 4, seed: int = 0
) -> Planted:
    """Write a collection.

    Args:
        clips: Clips that can be read; copies and broken files come on top.
        wrong: Share of the recorded labels that are wrong.
        copies: Clips that are there twice, under two accounts.
    """
    (folder / "media").mkdir(parents=True)
    planted = Planted(best=accuracies(CHANNELS, len(LABELS)), speech=shutil.which("espeak-ng") is not None)
    records: list[dict[str, Any]] = []
    for number in range(clips):
        rng = np.random.default_rng([seed, number])
        item, label = f"70000000000000{number:05d}", int(rng.integers(len(LABELS)))
        cues = {name: draw_cue(rng, label, channel, len(LABELS)) for name, channel in CHANNELS.items()}
        stated = (label + int(rng.integers(1, len(LABELS)))) % len(LABELS) if rng.random() < wrong else label
        planted.labels[item] = LABELS[label]
        if stated != label:
            planted.wrong.append(item)
        words = _sentences(rng, cues["text"])
        _write(folder / "media", item, rng, cues, words)
        records.append(_record(item, _title(rng, cues["title"]), number % accounts, LABELS[stated]))
    _copy_some(folder / "media", records, planted, copies, accounts)
    _break_some(folder / "media", records, planted)
    _table(folder / "records.csv", records)
    _table(folder / "ratings.csv", _ratings(planted, seed))
    (folder / "planted.json").write_text(json.dumps(planted.__dict__, indent=1), encoding="utf-8")
    return planted


def _record(item: str, title: str, account: int, label: str) -> dict[str, Any]:
    return {
        "clip_id": item,
        "title": title,
        "account_name": f"channel {account:02d}",
        "duration": 4.0,
        "emotion": label,
    }


def _cue(cue: int) -> str | None:
    return LABELS[cue] if cue < len(LABELS) else None


def _some(rng: np.random.Generator, words: Sequence[str], count: int) -> list[str]:
    return [str(word) for word in rng.choice(words, count)]


def _title(rng: np.random.Generator, cue: int) -> str:
    words = _some(rng, _PLAIN, 4)
    if (name := _cue(cue)) is not None:
        words[int(rng.integers(4))] = str(rng.choice(_WORDS[name]))
    return " ".join(words)


def _sentences(rng: np.random.Generator, cue: int) -> list[str]:
    lines = [" ".join(_some(rng, _PLAIN, 4)) for _ in range(2)]
    if (name := _cue(cue)) is not None:
        lines[int(rng.integers(2))] += " " + " ".join(_some(rng, _WORDS[name], 2))
    return lines


def _write(media: Path, item: str, rng: np.random.Generator, cues: dict[str, int], words: list[str]) -> None:
    pixels, sound = _scene(rng, cues["video"]), _sound(media, rng, cues["audio"])
    times = np.arange(len(pixels)) / FRAME_RATE_HZ
    write_clip(media / f"{item}.mp4", VideoFrames(pixels, times, len(pixels) / FRAME_RATE_HZ), sound)
    (media / f"{item}.srt").write_text(
        f"1\n00:00:00,300 --> 00:00:01,900\n{words[0]}\n\n2\n00:00:02,000 --> 00:00:03,800\n{words[1]}\n",
        encoding="utf-8",
    )


def _scene(rng: np.random.Generator, cue: int) -> np.ndarray:
    """A pattern of its own for each clip, tinted by the cue, with a block that moves."""
    name = _cue(cue)
    tint = np.array(_COLOURS[name] if name else _GREY, np.float32)
    pattern = np.kron(rng.uniform(0.5, 1.2, (6, 8)), np.ones((HEIGHT // 6, WIDTH // 8)))[:, :, None]
    base = pattern * tint + rng.normal(0, 4, (HEIGHT, WIDTH, 3))
    frames = np.repeat(base[None], 4 * FRAME_RATE_HZ, axis=0)
    top, left, speed = int(rng.integers(HEIGHT - 12)), float(rng.integers(WIDTH)), float(rng.uniform(0.5, 2))
    for number, frame in enumerate(frames):
        place = int(left + number * speed) % (WIDTH - 12)
        frame[top : top + 12, place : place + 12] = 250
    return frames.clip(0, 255).astype(np.uint8)


def _sound(media: Path, rng: np.random.Generator, cue: int) -> Waveform:
    """Speech, or short tones, over a tone of the cue."""
    count = 4 * RATE_HZ
    found = np.zeros(count, np.float32)
    # What is said carries no cue: else the sound would show that of the words as well.
    said = " ".join(_some(rng, _PLAIN, 8))
    spoken = _spoken(media, said) if shutil.which("espeak-ng") else _beeps(rng)
    found[: min(count, len(spoken))] += 0.5 * spoken[:count]
    found += rng.normal(0, 0.003, count).astype(np.float32)
    if (name := _cue(cue)) is not None:
        time = np.arange(count) / RATE_HZ
        found += (0.2 * np.sin(2 * np.pi * _TONES_HZ[name] * rng.uniform(0.95, 1.05) * time)).astype(
            np.float32
        )
    return Waveform(found.clip(-1, 1)[None], RATE_HZ)


def _spoken(media: Path, words: str) -> np.ndarray:
    file = media / ".speech.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "170", "-w", str(file), words], check=True)
    samples = read_sound(file, rate_hz=RATE_HZ).samples[0]
    file.unlink()
    return samples


def _beeps(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(RATE_HZ // 4) / RATE_HZ
    return np.concatenate(
        [np.sin(2 * np.pi * rng.uniform(200, 900) * time).astype(np.float32) for _ in range(14)]
    )


def _copy_some(
    media: Path, records: list[dict[str, Any]], planted: Planted, copies: int, accounts: int
) -> None:
    """Every second copy has the same bytes, the others are compressed once more."""
    for number in range(copies):
        original = records[3 * number]
        item = f"71000000000000{number:05d}"
        source, copy = media / f"{original['clip_id']}.mp4", media / f"{item}.mp4"
        if number % 2 == 0:
            shutil.copyfile(source, copy)
        else:
            _compress_again(source, copy)
        records.append(
            {**original, "clip_id": item, "account_name": f"channel {(number + 5) % accounts:02d}"}
        )
        planted.labels[item] = planted.labels[original["clip_id"]]
        planted.copies.append((original["clip_id"], item))


def _compress_again(source: Path, copy: Path) -> None:
    from affekt.media.video import open_video

    video = open_video(source)
    frames = video.read(np.arange(len(video)))
    write_clip(copy, VideoFrames(frames, video.times_s, float(video.end_s)), read_sound(source))


def _break_some(media: Path, records: list[dict[str, Any]], planted: Planted) -> None:
    example = media / f"{records[0]['clip_id']}.mp4"
    black = VideoFrames(
        np.zeros((16, HEIGHT, WIDTH, 3), np.uint8), np.arange(16) / FRAME_RATE_HZ, 16 / FRAME_RATE_HZ
    )
    tone = Waveform(0.3 * np.sin(np.arange(2 * RATE_HZ) / 8, dtype=np.float32)[None], RATE_HZ)
    quiet = Waveform(np.zeros((1, 4 * RATE_HZ), np.float32), RATE_HZ)
    scene = _scene(np.random.default_rng(99), len(LABELS))
    for number, fault in enumerate(("empty", "text", "cut_off", "black", "silent", "without_medium")):
        item = f"72000000000000{number:05d}"
        file = media / f"{item}.mp4"
        if fault == "empty":
            file.write_bytes(b"")
        elif fault == "text":
            file.write_text("<html>404 not found</html>\n" * 20, encoding="utf-8")
        elif fault == "cut_off":
            file.write_bytes(example.read_bytes()[:700])
        elif fault == "black":
            write_clip(file, black, tone)
        elif fault == "silent":
            times = np.arange(len(scene)) / FRAME_RATE_HZ
            write_clip(file, VideoFrames(scene, times, len(scene) / FRAME_RATE_HZ), quiet)
        records.append(_record(item, "station report", number, LABELS[0]))
        planted.broken[item] = fault
    (media / "7999.mp4").write_bytes(example.read_bytes())  # of no record


def _ratings(planted: Planted, seed: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng([seed, 1])
    for number, rater in enumerate(RATERS):
        clock = 0.0
        for item, label in planted.labels.items():
            given, other = label, rng.random()
            for (true, confused), share in CONFUSIONS[rater].items():
                if true == label and other < share:
                    given = confused
            if rng.random() < SLIP:
                given = str(rng.choice([name for name in LABELS if name != given]))
            seconds = float(rng.uniform(3, 9) * (1 + number))
            clock += seconds
            time = f"{9 + int(clock // 3600):02d}:{int(clock % 3600 // 60):02d}:00"
            rows.append(
                {
                    "item": item,
                    "rater": rater,
                    "label": given,
                    "round": 1,
                    "rated_at": f"2026-03-0{number + 1}T{time}",
                    "seconds": f"{seconds:.1f}",
                }
            )
    return rows


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
