"""A timeline of two persons, and the invented video that it is about: coloured squares that move."""

import numpy as np
import pytest

from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Box, Medium, Missing, Network, Person, Span, SpokenLine, Track
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

SECONDS, RATE_HZ, WIDTH, HEIGHT = 12.0, 10, 160, 96
FACES, VOICES, SENTENCES = (
    ("angry", "happy", "neutral"),
    ("anger", "happiness", "neutral"),
    ("joy", "sadness"),
)
SIDE = 0.25  # of a face, in shares of the picture's height


def center(person: int, time_s: float) -> tuple[float, float]:
    """Where a face is: the first moves to the right, the second stays."""
    return (0.2 + 0.04 * time_s, 0.4) if person == 0 else (0.85, 0.5)


def box(person: int, time_s: float, score: float | None = 0.9) -> Box:
    x, y = center(person, time_s)
    wide = SIDE * HEIGHT / WIDTH / 2
    return Box(time_s, x - wide, y - SIDE / 2, x + wide, y + SIDE / 2, score)


def pixels(time_s: float) -> np.ndarray:
    """Grey stripes with a checked square for each face."""
    picture = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    picture[:, ::8] = 120
    for person, colors in enumerate([((220, 40, 40), (40, 220, 40)), ((40, 40, 220), (240, 240, 40))]):
        if person == 1 and time_s >= 8:
            continue
        shown = box(person, time_s)
        top, left = round(shown.top * HEIGHT), round(shown.left * WIDTH)
        bottom, right = round(shown.bottom * HEIGHT), round(shown.right * WIDTH)
        rows, columns = np.mgrid[top:bottom, left:right]
        picture[top:bottom, left:right] = np.where(((rows + columns) // 3 % 2)[..., None], *colors)
    return picture


def span(start_s, end_s, label, confidence, classes, **more) -> Span:
    rest = (1 - confidence) / (len(classes) - 1)
    scores = {name: confidence if name == label else rest for name in classes}
    if not label:
        scores = dict.fromkeys(classes, 1 / len(classes))
    return Span(start_s=start_s, end_s=end_s, label=label, scores=scores, confidence=confidence, **more)


def story(path: str = "talk.mp4") -> Timeline:
    """Ann is seen all the time and heard at first; P2 is seen until 8 s and heard from 6 s on."""
    ann = tuple(box(0, time) for time in np.arange(0, SECONDS, 0.5).tolist())
    other = tuple(box(1, time) for time in np.arange(0, 8, 0.5).tolist())
    faces = [(0, 3, "neutral", 0.7), (3, 6, "happy", 0.8), (6, 7, "", 0.34), (7, 12, "happy", 0.6)]
    fused = [(0, 3, "neutral", 0.6), (3, 6, "happiness", 0.9), (6, 7, "", 0.4), (7, 12, "happiness", 0.7)]
    return Timeline(
        affekt="1.0",
        medium=Medium(
            path=path, duration_s=SECONDS, width=WIDTH, height=HEIGHT, frame_rate_hz=RATE_HZ, has_sound=True
        ),
        persons=(Person(id="P1", name="Ann"), Person(id="P2", notes=("face and voice are joined: <b>",))),
        shots=((0.0, 5.0), (5.0, 12.0)),
        tracks=(
            Track(
                id="fused-1",
                modality="fused",
                person="P1",
                spans=tuple(span(*it, ("anger", "happiness", "neutral")) for it in fused),
            ),
            Track(
                id="face-1",
                modality="face",
                person="P1",
                network="faces",
                spans=tuple(span(*it, FACES) for it in faces),
                boxes=ann,
            ),
            Track(
                id="voice-1",
                modality="voice",
                person="P1",
                network="voices",
                spans=(span(1, 3, "anger", 0.8, VOICES), span(3, 5, "happiness", 0.9, VOICES)),
            ),
            Track(
                id="words-1",
                modality="words",
                person="P1",
                network="sentences",
                spans=(span(1, 5, "joy", 0.75, SENTENCES, text="Well, hello."),),
            ),
            Track(
                id="face-2",
                modality="face",
                person="P2",
                network="faces",
                spans=(span(0, 8, "angry", 0.55, FACES, notes=("the face is small",)),),
                boxes=other,
            ),
            Track(
                id="voice-2",
                modality="voice",
                person="P2",
                network="voices",
                spans=(span(6, 9, "anger", 0.7, VOICES), span(8, 11, "neutral", 0.5, VOICES)),
            ),
        ),
        words=(
            SpokenLine(start_s=1, end_s=5, text="Well, hello.", person="P1"),
            SpokenLine(start_s=6, end_s=9, text='She said "<no>" --> & left.', person="P2", confidence=0.8),
        ),
        networks=(
            Network(
                name="faces",
                method="compact_face",
                modality="face",
                labels=FACES,
                weights_sha256="3f" * 32,
                bundle="1",
                weight=0.6,
                mapping={"angry": "anger", "happy": "happiness", "neutral": "neutral"},
                licence="research only",
                limits="Trained on pictures that were posed or searched for.",
            ),
            Network(name="voices", method="compact_voice", modality="voice", labels=VOICES, weight=0.4),
            Network(name="sentences", method="compact_text", modality="words", labels=SENTENCES),
        ),
        missing=(
            Missing(modality="face", reason="the face is turned away", start_s=8.0, end_s=12.0),
            Missing(modality="gait", reason="no joints were given"),
        ),
        notes=("sound of another length",),
        settings={"every": 5},
    )


@pytest.fixture
def timeline() -> Timeline:
    return story()


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """The video, with a tone."""
    times = np.arange(0, SECONDS, 1 / RATE_HZ)
    frames = VideoFrames(np.stack([pixels(time) for time in times]), times, SECONDS)
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(int(SECONDS * 16000)) / 16000)
    sound = Waveform(np.stack([tone, tone]).astype(np.float32), 16000)
    return write_clip(tmp_path_factory.mktemp("story") / "talk.mp4", frames, sound)


@pytest.fixture
def filmed(clip) -> Timeline:
    """The timeline of the video that exists."""
    return story(str(clip))


@pytest.fixture
def truth():
    """The pixels of the video at a time, and the box of a person."""
    return pixels, box
