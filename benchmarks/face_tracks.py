"""Faces through a video: who is who, cuts, smoothing, speed and memory: `make face-track-benchmarks`.

    python benchmarks/face_tracks.py [--only tracks sizes cuts looks smoothing speed hour] [--seconds 600]

The videos are invented (`affekt.invented.face_scenes`), so persons, boxes, cuts and expressions are known.
A stand-in for a detector gives the planted boxes with errors; CenterFace is measured as well where it is on
this computer (`affekt assets get centerface`). If `../shared/data/media_samples` is there, the clip of a real
person in it is timed too. Some four minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
from limits import Doing, Limits, Skipped
from timing import as_table, machine, write_report
from video import peak_mb

import affekt.analysis.faces.find as stage
from affekt.analysis.faces import FaceSettings, find_faces
from affekt.analysis.found import Found, OpenMedium
from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.sample import Sample
from affekt.core.timeline.parts import Medium
from affekt.deploy.runtime.predictor import Predictor
from affekt.invented.face_scenes import FaceScene, PlantedFace, actor, draw_scene, planted, write_scene
from affekt.invented.face_scenes.detector import PlantedDetector, searched_times
from affekt.invented.face_scenes.examples import (
    crossing_scene,
    crowd_scene,
    cut_scene,
    expressive_scene,
    returning_scene,
)
from affekt.media.detection import Detections, Detector, open_detector
from affekt.media.tracking import Motion, Tracker, alike, appearance_of
from affekt.media.tracking.rejoin import ALIKE, CLEARLY
from affekt.media.video import Video, VideoFrames, open_video
from affekt.media.video.shots import LEAST_CHANGE, ShotFinder, change, exact_cuts, looks_of
from affekt.metrics.calibration import expected_calibration_error, negative_log_likelihood
from affekt.metrics.tracking import Labelled, TrackScores, score_tracks
from affekt.starters.find import FOLDER as STARTERS

OUTPUT = Path(__file__).parent / "results" / "face_tracks.md"
ROOT = Path(__file__).parents[1]
BUNDLE = STARTERS / "compact_face"
CLIP = ROOT.parent / "shared" / "data" / "media_samples" / "WolfgangLanger_Pexels.mp4"
PARTS = ("tracks", "sizes", "cuts", "looks", "smoothing", "speed", "hour")
STEPS_S = (0.2, 0.1, 0.4, 1.0)  # the default first
SIZE = (480, 270)  # of the scenes in which people are followed
STAGE = "persons (the stage)"
JITTER, MISSED = 0.03, 0.05  # of the stand-in: of a face's height; of faces
VISIBLE = 0.5  # share of a face that counts as seen
GAP_S, OVERLAP = 1.0, 0.3
Row = tuple[str, ...]


class Line(NamedTuple):
    """A row of a table of the report."""

    table: str
    cells: Row


# ---- what stands in


class Constant:
    """In place of a network of faces: answers at once, always the same."""

    def __init__(self) -> None:
        real = Predictor.open(BUNDLE, backend="onnxruntime", threads=1)
        self.preprocess, self.task = real.preprocess, SimpleNamespace(name="single_label")
        self.provenance = Provenance("constant", "", "")

    def answers(self, samples: Iterable[Sample], *, batch_size: int | None = None) -> Iterator[Prediction]:
        for sample in samples:
            yield Prediction(sample.id, "a", {"a": 0.6, "b": 0.4}, 0.6, "image", self.provenance)


def constant() -> Predictor:
    return cast(Predictor, Constant())


def has_centerface() -> bool:
    return bool(copies(find_asset("centerface")))


class Replay:
    """Gives what a detector found, in order: several trackers see the same boxes, found once."""

    name, digest = "replay", "replay"

    def __init__(self, found: list[Detections]) -> None:
        self._left = list(found)

    def detect(self, frame: np.ndarray) -> Detections:
        return self._left.pop(0)


def detected(video: VideoFrames, scene: FaceScene, step_s: float) -> dict[str, list[Detections]]:
    """What each detector finds in the frames of a video, by the detector's name."""
    makers: dict[str, Detector] = {
        "stand-in": PlantedDetector(scene, searched_times(scene, step_s), jitter=JITTER, missed=MISSED)
    }
    if has_centerface():
        makers["CenterFace"] = open_detector("centerface", longest_px=max(SIZE))
    return {name: [one.detect(picture) for picture in video.pixels] for name, one in makers.items()}


def opened(given: VideoFrames | Path | Video) -> OpenMedium:
    video = open_video(given)
    return OpenMedium(Medium(path=video.name, duration_s=video.end_s), Path(video.name), video, None)


def in_memory(scene: FaceScene) -> VideoFrames:
    pixels = np.stack([picture for _, picture in draw_scene(scene)])
    return VideoFrames(pixels, np.arange(len(pixels)) / scene.rate_hz, len(pixels) / scene.rate_hz)


# ---- who is who


def labelled(names: list[str], boxes: list[Any]) -> Labelled:
    return Labelled(names, np.array(boxes, float).reshape(-1, 4))


def truth_at(scene: FaceScene, time_s: float) -> Labelled:
    seen = [it for it in planted(scene, time_s) if it.visible >= VISIBLE]
    return labelled([it.actor for it in seen], [it.box for it in seen])


def followed(video: VideoFrames, scene: FaceScene, detector: Detector) -> dict[str, TrackScores]:
    """Scores of trackers on the same boxes, without re-joining; shots are known to all but the first."""
    trackers = {
        "overlap only (`affekt project tracks`)": Tracker(overlap=OVERLAP, gap_s=GAP_S),
        "and shots": Tracker(overlap=OVERLAP, gap_s=GAP_S),
        "and motion": Tracker(overlap=OVERLAP, gap_s=GAP_S, motion=Motion()),
        "and appearance": Tracker(overlap=OVERLAP, gap_s=GAP_S, motion=Motion()),
    }
    frames: dict[str, list[tuple[Labelled, Labelled]]] = {name: [] for name in trackers}
    shot = 0
    for time_s, picture in zip(video.times_s.tolist(), video.pixels, strict=True):
        boxes = detector.detect(picture).boxes
        looks = np.stack([appearance_of(picture, box) for box in boxes]) if len(boxes) else None
        now = sum(cut <= time_s + 1e-6 for cut in scene.cuts_s)
        for name, tracker in trackers.items():
            if now != shot and not name.startswith("overlap"):
                tracker.reset()
            numbers = tracker.update(time_s, boxes, looks if name == "and appearance" else None)
            frames[name].append((truth_at(scene, time_s), labelled([str(it) for it in numbers], list(boxes))))
        shot = now
    return {name: score_tracks(each) for name, each in frames.items()}


def persons(video: VideoFrames, scene: FaceScene, detector: Detector, step_s: float) -> TrackScores:
    """Scores of the persons that the stage finds."""
    settings = FaceSettings(step_s=step_s, gap_s=GAP_S, overlap=OVERLAP)
    found = find_faces(opened(video), constant(), settings, detector=detector)
    size = np.array([scene.width, scene.height] * 2)
    by_time: dict[float, list[tuple[str, Any]]] = {}
    for track in found.tracks:
        for box in track.boxes:
            by_time.setdefault(round(box.time_s, 3), []).append((track.person, np.array(box[1:5]) * size))
    frames = []
    for time_s in video.times_s.tolist():
        # Where two shots meet, a person has a box in each: that of the later shot counts.
        shown = dict(by_time.get(round(time_s, 3), ()))
        frames.append((truth_at(scene, time_s), labelled(list(shown), list(shown.values()))))
    return score_tracks(frames)


def scenes_to_follow(rate_hz: float, seeds: int) -> dict[str, list[FaceScene]]:
    options: dict[str, Any] = {"rate_hz": rate_hz, "size": SIZE}
    return {
        "2 people pass each other": [crossing_scene(seed=seed, **options) for seed in range(seeds)],
        "1 stays, 1 leaves and comes back": [returning_scene(seed=seed, **options) for seed in range(seeds)],
        "2 people, 5 cuts, a flash": [
            # One frame of the flash: at this rate a second one would make it last as long as a shot.
            cut_scene(seed=seed, **options)._replace(flashes=(5.0,) if rate_hz >= 5 else ())
            for seed in range(seeds)
        ],
        "8 people walk": [crowd_scene(8, seed=seed, **options) for seed in range(seeds)],
    }


def tracks() -> Iterator[Line | Doing]:
    for step_s in STEPS_S:
        is_default = step_s == FaceSettings().step_s
        for name, scenes in scenes_to_follow(1 / step_s, 2 if is_default else 1).items():
            yield Doing(f"{name}, every {step_s:g} s")
            scores: dict[tuple[str, str], list[TrackScores]] = {}
            for scene in scenes:
                video = in_memory(scene)
                for detector, found in detected(video, scene, step_s).items():
                    if is_default:
                        for tracker, one in followed(video, scene, Replay(found)).items():
                            scores.setdefault((detector, tracker), []).append(one)
                    whole = persons(video, scene, Replay(found), step_s)
                    scores.setdefault((detector, STAGE), []).append(whole)
            people = sum(len({role.actor.name for role in scene.roles}) for scene in scenes)
            for (detector, tracker), each in scores.items():
                yield Line("tracks", (f"{step_s:g} s", name, detector, tracker, *_figures(each, people)))


def _figures(scores: list[TrackScores], people: int) -> Row:
    seen = sum(it.seen for it in scores)
    return (
        f"{sum(it.coverage * it.seen for it in scores) / seen:.3f}",
        str(sum(it.switches for it in scores)),
        f"{sum(it.main * it.seen for it in scores) / seen:.3f}",
        f"{sum(it.tracks for it in scores)} of {people}",
    )


# ---- size of the searched frames


def sizes() -> Iterator[Line | Doing | Skipped]:
    if not has_centerface():
        yield Skipped("CenterFace is missing (affekt assets get centerface)")
        return
    scenes = [crowd_scene(8, seed=seed, rate_hz=1.0, size=(1280, 720)) for seed in range(2)]
    frames = [(scene, *it) for scene in scenes for it in draw_scene(scene)]
    for longest_px in (320, 480, 640, 960):
        yield Doing(f"{longest_px} pixels")
        detector = open_detector("centerface", longest_px=longest_px)
        detector.detect(frames[0][2])
        taken: list[float] = []
        compared: list[tuple[Labelled, Labelled]] = []
        heights: list[float] = []
        for scene, time_s, picture in frames:
            start = time.perf_counter()
            boxes = detector.detect(picture).boxes
            taken.append(time.perf_counter() - start)
            truth = truth_at(scene, time_s)
            heights += ((truth.boxes[:, 3] - truth.boxes[:, 1]) * longest_px / 1280).tolist()
            compared.append((truth, labelled(["found"] * len(boxes), list(boxes))))
        scores = score_tracks(compared)
        yield Line(
            "sizes",
            (
                str(longest_px),
                f"{1000 * float(np.median(taken)):.0f} ms",
                f"{min(heights):.0f} to {max(heights):.0f}",
                f"{scores.coverage:.3f}",
                f"{scores.false_boxes:.2f}",
            ),
        )


# ---- cuts


def cuts() -> Iterator[Line | Doing]:
    options: dict[str, Any] = {"size": (320, 180), "rate_hz": 10.0}
    cut = [cut_scene(seed=seed, **options) for seed in range(4)]
    uncut = [
        *(crossing_scene(seed=seed, **options) for seed in range(2)),
        *(returning_scene(seed=seed, **options) for seed in range(2)),
        expressive_scene(**options),
    ]
    kept = [(scene, in_memory(scene)) for scene in (*cut, *uncut)]
    for step_s in STEPS_S:
        yield Doing(f"every {step_s:g} s")
        at_cuts: list[float] = []
        elsewhere: list[float] = []
        found = false = planted_cuts = 0
        errors: list[float] = []
        for scene, video in kept:
            numbers = [round(time_s * scene.rate_hz) for time_s in searched_times(scene, step_s)]
            looks = [looks_of(video.pixels[number]) for number in numbers]
            finder = ShotFinder()
            judged = [
                it
                for number, look in zip(numbers, looks, strict=True)
                for it in finder.update(number / scene.rate_hz, look)
            ]
            judged += finder.finish()
            begins = [place for place, it in enumerate(judged) if it.begins]
            spans = [(numbers[place - 1], numbers[place]) for place in begins]
            exact = exact_cuts(open_video(video), spans)
            planted_cuts += len(scene.cuts_s)
            near = [min((abs(it - cut_s) for it in exact), default=9.0) for cut_s in scene.cuts_s]
            hits = [it for it in near if it <= step_s]
            found, false = found + len(hits), false + len(exact) - len(hits)
            errors += hits
            flashes = {round(it * scene.rate_hz) for it in scene.flashes}
            for a, b in zip(range(len(numbers) - 1), range(1, len(numbers)), strict=True):
                if {numbers[a], numbers[b]} & flashes:
                    continue
                span = (numbers[a] / scene.rate_hz, numbers[b] / scene.rate_hz)
                is_cut = any(span[0] < cut_s <= span[1] + 1e-6 for cut_s in scene.cuts_s)
                (at_cuts if is_cut else elsewhere).append(change(looks[a], looks[b]))
        yield Line(
            "cuts",
            (
                f"{step_s:g} s",
                f"{found} of {planted_cuts}",
                str(false),
                f"{1000 * max(errors, default=0):.0f} ms",
                f"{min(at_cuts):.2f}",
                f"{max(elsewhere):.2f}",
            ),
        )


# ---- appearance


def looks() -> Iterator[Line | Doing]:
    yield Doing("appearance")
    people = 10
    seen: dict[str, list[np.ndarray]] = {}
    for number in range(people):
        for wall in range(3):
            scene = cut_scene(rate_hz=1.0, seed=wall)
            who = actor(number)
            roles = tuple(role._replace(actor=who) for role in scene.roles)
            for time_s, picture in draw_scene(scene._replace(roles=roles, duration_s=3.0, flashes=())):
                for face in planted(scene._replace(roles=roles), time_s)[:1]:
                    seen.setdefault(who.name, []).append(appearance_of(picture, face.box))
    names = list(seen)
    same, other = [], []
    for place, name in enumerate(names):
        own = np.stack(seen[name])
        same += alike(own, own)[np.triu_indices(len(own), 1)].tolist()
        for later in names[place + 1 :]:
            other += alike(own, np.stack(seen[later])).ravel().tolist()
    for title, values in (("same person", same), ("two persons", other)):
        low, middle, high = np.percentile(values, [5, 50, 95])
        yield Line("looks", (title, f"{low:.2f}", f"{middle:.2f}", f"{high:.2f}"))


# ---- smoothing


def smoothing() -> Iterator[Line | Doing]:
    predictor = Predictor.open(BUNDLE, backend="onnxruntime", threads=1)
    names = list(predictor.labels.names)
    scenes = [expressive_scene(seed=seed, rate_hz=10.0) for seed in range(3)]
    media = [opened(in_memory(scene)) for scene in scenes]
    for smoothing_s in (0.0, 0.5, 1.0, 2.0):
        yield Doing(f"smoothing {smoothing_s:g} s")
        scores: list[list[float]] = []
        truth: list[int] = []
        for scene, medium in zip(scenes, media, strict=True):
            settings = FaceSettings(smoothing_s=smoothing_s)
            detector = PlantedDetector(scene, searched_times(scene, settings.step_s), jitter=JITTER)
            for span, face in _spans_with_truth(
                scene, find_faces(medium, predictor, settings, detector=detector)
            ):
                scores.append([span.scores[name] for name in names])
                truth.append(names.index(face.emotion))
        rows, labels = np.array(scores), np.array(truth)
        yield Line(
            "smoothing",
            (
                f"{smoothing_s:g} s",
                f"{(rows.argmax(axis=1) == labels).mean():.3f}",
                f"{negative_log_likelihood(np.log(rows), labels):.3f}",
                f"{expected_calibration_error(rows, labels):.3f}",
                str(len(labels)),
            ),
        )


def _spans_with_truth(scene: FaceScene, found: Found) -> Iterator[tuple[Any, PlantedFace]]:
    """Spans in the middle of which an expression is clearly shown, or none is."""
    size = np.array([scene.width, scene.height] * 2)
    for track in found.tracks:
        for span in track.spans:
            middle_s = (span.start_s + span.end_s) / 2
            place = min(track.boxes, key=lambda box: abs(box.time_s - middle_s))
            box = np.array(place[1:5]) * size
            face = min(planted(scene, middle_s), key=lambda it: float(np.abs(it.box - box).sum()))
            if face.strength >= 0.75:
                yield span, face


# ---- speed


class Clock:
    """Seconds that parts of the stage take."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}

    def of(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*arguments, **options)
            finally:
                self.add(name, start)

        return timed

    def each(self, name: str, call: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def timed(*arguments: Any, **options: Any) -> Iterator[Any]:
            items = call(*arguments, **options)
            while True:
                start = time.perf_counter()
                try:
                    item = next(items)
                except StopIteration:
                    return
                finally:
                    self.add(name, start)
                yield item

        return timed

    def add(self, name: str, start: float) -> None:
        self.taken[name] = self.taken.get(name, 0.0) + time.perf_counter() - start


class TimedDetector:
    """A detector and the time that it takes."""

    def __init__(self, detector: Detector, clock: Clock) -> None:
        self.name, self.digest = detector.name, detector.digest
        self._detect = clock.of("detect", detector.detect)

    def detect(self, frame: np.ndarray) -> Detections:
        return self._detect(frame)


class TimedPredictor:
    """A predictor and the time that it takes."""

    def __init__(self, predictor: Predictor, clock: Clock) -> None:
        self.preprocess, self.task, self.provenance = (
            predictor.preprocess,
            predictor.task,
            predictor.provenance,
        )
        self._answers = clock.of("classify", lambda *a, **o: list(predictor.answers(*a, **o)))

    def answers(self, samples: Iterable[Sample], **options: Any) -> Iterator[Any]:
        return iter(self._answers(samples, **options))


STAGES = ("decode", "detect", "crop", "classify", "shots and looks", "cuts again")
PATCHED = {
    "sampled": ("each", "decode"),
    "cut_face": ("of", "crop"),
    "looks_of": ("of", "shots and looks"),
    "appearance_of": ("of", "shots and looks"),
    "exact_cuts": ("of", "cuts again"),
}


def timed_run(path: Path, settings: FaceSettings, make: Callable[[], Detector]) -> tuple[Found, float, Clock]:
    """What is found, the seconds it took, and the part of each stage."""
    clock = Clock()
    predictor = cast(Predictor, TimedPredictor(Predictor.open(BUNDLE, backend="onnxruntime"), clock))
    detector = TimedDetector(make(), clock)
    medium = opened(path)
    before = {name: getattr(stage, name) for name in PATCHED}
    try:
        for name, (kind, title) in PATCHED.items():
            setattr(stage, name, getattr(clock, kind)(title, before[name]))
        start = time.perf_counter()
        found = find_faces(medium, predictor, settings, detector=detector)
        return found, time.perf_counter() - start, clock
    finally:
        for name, call in before.items():
            setattr(stage, name, call)


def speed() -> Iterator[Line | Doing | Skipped]:
    with tempfile.TemporaryDirectory() as name:
        clips: dict[str, tuple[Path, FaceScene | None]] = {}
        for title, size in (("360p, 2 drawn faces", (640, 360)), ("720p, 2 drawn faces", (1280, 720))):
            yield Doing(title)
            scene = expressive_scene(size=size, each_s=2.0)
            clips[title] = write_scene(Path(name) / f"{size[1]}.mp4", scene), scene
        if CLIP.is_file():
            clips["360p, 1 real face (WolfgangLanger_Pexels.mp4)"] = CLIP, None
        else:
            yield Skipped("the clip of a real person: ../shared/data/media_samples is missing")
        for title, (path, scene) in clips.items():
            for step_s in (0.1, 0.2, 0.5):
                yield Doing(f"{title}, every {step_s:g} s")
                if has_centerface():
                    make = partial(open_detector, "centerface")
                elif scene is not None:
                    make = partial(PlantedDetector, scene, searched_times(scene, step_s))
                else:
                    yield Skipped(f"{title}: CenterFace is missing (affekt assets get centerface)")
                    break
                found, taken, clock = timed_run(path, FaceSettings(step_s=step_s), make)
                duration_s = open_video(path).end_s
                parts = [clock.taken.get(part, 0.0) for part in STAGES]
                seen = sum(end - start for start, end in _extents(found))
                yield Line(
                    "speed",
                    (
                        title,
                        f"{step_s:g} s",
                        f"{duration_s / taken:.1f}x",
                        *(f"{part / taken:.0%}" for part in (*parts, taken - sum(parts))),
                        str(len(found.tracks)),
                        f"{seen / duration_s:.2f}",
                    ),
                )


def _extents(found: Found) -> list[tuple[float, float]]:
    return [(span.start_s, span.end_s) for track in found.tracks for span in track.spans]


# ---- memory


class LongSource:
    """An hour of 25 frames a second, made when they are asked for: two faces, and a cut every minute."""

    name, sound_tracks = "an hour", 0
    height, width = 90, 160

    def __init__(self, minutes: int) -> None:
        self.notes: list[str] = []
        self.replacements: dict[int, int] = {}
        self.times_s, self.end_s = np.arange(minutes * 60 * 25) / 25, minutes * 60.0
        rng = np.random.default_rng(0)
        self._walls = [
            rng.integers(0, 256, (9, 16, 3), np.uint8).repeat(10, 0).repeat(10, 1) for _ in range(2)
        ]

    def pictures(self, numbers: Iterable[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        for number in numbers:
            yield number, self._walls[number // 1500 % 2][:height, :width]


class TwoFaces:
    """Finds two faces that move a little."""

    name, digest = "two", "two"
    _points = np.array([[0.31, 0.38], [0.70, 0.38], [0.50, 0.57], [0.34, 0.76], [0.67, 0.76]])

    def __init__(self) -> None:
        self._count = 0

    def detect(self, frame: np.ndarray) -> Detections:
        self._count += 1
        move = 3 * np.sin(self._count / 20)
        boxes = np.array([[20 + move, 20, 50 + move, 60], [100 - move, 20, 130 - move, 60]], np.float32)
        low, size = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
        return Detections(boxes, np.full(2, 0.9, np.float32), (low + size * self._points).astype(np.float32))


def hour() -> Iterator[Line | Doing]:
    network = constant()
    grown: list[float] = []
    find_faces(opened(Video(LongSource(1))), network, detector=TwoFaces())
    start_mb = peak_mb()
    for minutes in (10, 60):
        yield Doing(f"{minutes} minutes")
        found = find_faces(
            opened(Video(LongSource(minutes))), network, FaceSettings(exact_cuts=False), detector=TwoFaces()
        )
        grown.append(peak_mb() - start_mb)
        boxes, spans = (sum(len(getattr(it, what)) for it in found.tracks) for what in ("boxes", "spans"))
        stored = len(found.model_dump_json()) / 1e6
        yield Line(
            "hour", (str(minutes), f"{boxes:,}", f"{spans:,}", f"{grown[-1]:.0f} MB", f"{stored:.1f} MB")
        )
        del found


# ---- report

COLUMNS: dict[str, Row] = {
    "tracks": (
        "step",
        "scene",
        "detector",
        "tracks",
        "coverage",
        "switches",
        "own track",
        "tracks of people",
    ),
    "sizes": ("longest side", "a frame", "heights of faces there", "found", "false a frame"),
    "cuts": ("step", "found", "false", "largest error", "least change at a cut", "most elsewhere"),
    "looks": ("similarity", "5 %", "median", "95 %"),
    "smoothing": ("window", "accuracy", "log loss", "calibration error", "spans"),
    "speed": ("clip", "step", "real time", *STAGES, "rest", "persons", "answered"),
    "hour": ("minutes", "boxes", "spans", "growth of peak memory", "as JSON"),
}
TITLES = {
    "tracks": (
        "Who is who",
        "Two scenes each at the default step, one at others. The stand-in gives planted boxes whose edges "
        f"are moved by {JITTER:.0%} of the face's height (standard deviation), and misses {MISSED:.0%}. "
        f"Faces of which less than {VISIBLE:.0%} is seen are not asked for. Coverage: share of the true "
        "boxes that are shown; switches: how often somebody continues as another; own track: share of the "
        "true boxes in a track of this person alone (`affekt.metrics.tracking`). Each row of a scene adds "
        "to the one before; the last also joins tracks over cuts and absences by appearance.",
    ),
    "sizes": (
        "Size of the searched frames",
        "CenterFace on 2 scenes of 8 people, 1280 x 720; sizes in pixels of the reduced frame.",
    ),
    "cuts": (
        "Cuts",
        "20 planted cuts and 4 flashes of two frames in 4 scenes, and 5 scenes without a cut, 320 x 180, "
        "10 frames/s. Change as `affekt.media.video.shots` defines it, flashes left out; the threshold is "
        f"{LEAST_CHANGE:g} or more.",
    ),
    "looks": (
        "Similarity of appearance",
        f"10 drawn people before 3 walls each. Tracks are joined from {ALIKE:g}, if the next best is "
        f"{CLEARLY:g} lower. Drawn people keep their clothes and their light: real ones are less alike to "
        "themselves.",
    ),
    "smoothing": (
        "Smoothing",
        "3 scenes of 2 drawn people with 7 expressions each, answered by the bundle compact_face (trained on "
        "photographs); spans of 0.5 s in which an expression is shown. Drawn faces show the effect of "
        "smoothing, not the accuracy on people.",
    ),
    "speed": (
        "Speed",
        "Seconds of video per second of computing, and the share of each stage, with compact_face in ONNX "
        "Runtime. `answered` is the sum of all persons' answered time by the duration.",
    ),
    "hour": (
        "Memory",
        "Two faces, a cut each minute, every 0.2 s; frames are made up, and a stand-in answers at once. "
        "Growth over a video of one minute.",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    Limits.add_to(parser)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args()
    limits = Limits.of(given)
    calls = {
        "tracks": tracks,
        "sizes": sizes,
        "cuts": cuts,
        "looks": looks,
        "smoothing": smoothing,
        "speed": speed,
        "hour": hour,
    }
    lines = [
        machine(),
        f"CenterFace: {'measured' if has_centerface() else 'not on this computer, so not measured'}.",
    ]
    for name in given.only:
        rows = [it.cells for it in limits.run(name, calls[name]) if isinstance(it, Line)]
        title, text = TITLES[name]
        lines += ["", f"## {title}", "", text, "", *as_table(COLUMNS[name], rows)]
    write_report(given.output, [*lines, *limits.lines()])
    limits.check()


if __name__ == "__main__":
    main()
