"""`prepare`: decode the clips of a data set once, and store what training needs in a form it reads fast.

Each clip is written beside its place and renamed, and told in a journal: a kill at any moment leaves nothing
that counts but is not whole, and whoever starts again goes on where it stopped.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, TextIO

import av
import av.error
import numpy as np
import soundfile
from av.video.reformatter import ColorRange, Colorspace

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import AffektError, MediaError, UsageError
from affekt.core.prepared import (
    CLIPS,
    INDEX,
    JOURNAL,
    Entry,
    Header,
    Index,
    PrepareSettings,
    StoredFile,
    check_header,
    file_stem,
    is_complete,
    is_prepared,
    source_digest,
    write_index,
)
from affekt.core.sample import Sample
from affekt.core.sealed import write_text
from affekt.core.settings import validate
from affekt.media.sound import NoSound, Waveform, read_sound, sound_blocks
from affekt.media.video import Video, video_of

log = logging.getLogger(__name__)

KEY_FRAMES = 12  # frames from one key frame to the next: 16 neighbours cost at most 27 decoded frames
CRF = 18  # x264's "visually lossless"
JPEG_SCALE = 3  # of FFmpeg's 2 (best) to 31; the size of libjpeg's quality 90
# Clocks in whose ticks the usual rates are whole numbers, so that times come back to the last bit; else
# microseconds. MP4, because Matroska rounds to milliseconds.
_CLOCKS_HZ = (24_000, 30_000, 60_000, 12_800, 15_360, 90_000, 44_100, 48_000)
_FINEST_HZ = 1_000_000
_SOUND_BLOCK_S = 10.0
_AHEAD = 2  # clips handed to each process at a time: decoded ones may be large
_CRASHED = "the decoder crashed on it"


@dataclass(frozen=True)
class Prepared:
    """A finished store.

    Attributes:
        fresh: How many clips were prepared now.
        kept: How many were there already.
    """

    path: Path
    index: Index
    fresh: int
    kept: int

    @property
    def broken(self) -> list[Entry]:
        """Samples that could not be prepared, with their reasons."""
        return [entry for entry in self.index.entries if entry.reason is not None]

    @property
    def bytes(self) -> int:
        """Size of all stored files."""
        return sum(file.bytes for entry in self.index.entries for file in entry.files.values())


@dataclass(frozen=True, slots=True)
class _Task:
    sample: Sample
    source: str
    root: Path
    settings: PrepareSettings


def prepare(
    dataset: str,
    output: Path | str,
    *,
    data_root: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    settings: PrepareSettings | None = None,
    workers: int | None = None,
    on_item: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Extract once what training needs of each clip; `--data-root` of any verb then takes the store.

    A clip that was prepared before and has not changed is left as it is. One that cannot be read is left out,
    with the reason in the index. One process at a time may prepare a store.

    Args:
        output: Folder of the store: new, empty, or a store of the same data set, options and settings.
        data_root: Where the data set lies; not needed for invented ones.
        workers: Processes; as many as there are cores if not given. 0 works in this one.
        on_item: Told how many clips are done, and of how many.

    Raises:
        UsageError: Samples are no clips, or `output` holds something else.
        ConfigError: Options are wrong.
        DataError: The data set cannot be read.
        AffektError: The disk is full, or the store cannot be written. What is done is kept.

    Example:
        >>> prepare("clips", "store", data_root="data/clips").bytes  # doctest: +SKIP
    """
    settings = settings or PrepareSettings()
    root, source = Path(output), None if data_root is None else Path(data_root)
    adapter = catalog.dataset(dataset)
    _check_places(root, source)
    corpus = adapter.open(source, dict(options or {}))
    chosen, _ = validate(adapter.options, options or {})
    assert chosen is not None  # `open` has refused wrong ones
    _check_clips(adapter.name, corpus.samples)
    header = Header(dataset=adapter.name, options=chosen.model_dump(mode="json"), settings=settings)
    known = _known(root, header)
    done, tasks = _part(corpus.samples, known, root, settings)
    report = on_item or (lambda done, total: None)
    kept, total = len(done), len(corpus.samples)
    report(kept, total)
    if tasks:
        (root / CLIPS).mkdir(parents=True, exist_ok=True)
        with _journal(root, header, list(known.values())) as journal:
            for entry in _run(tasks, os.cpu_count() or 1 if workers is None else workers):
                journal.write(entry.model_dump_json() + "\n")
                journal.flush()
                os.fsync(journal.fileno())
                done[entry.id] = entry
                report(len(done), total)
    index = _make_index(header, corpus, done)
    root.mkdir(parents=True, exist_ok=True)
    write_index(root, index)
    (root / JOURNAL).unlink(missing_ok=True)
    for folder in (root, root / CLIPS):
        for partial in folder.glob(".*.partial"):  # of runs that were killed
            partial.unlink()
    return Prepared(root, index, len(tasks), kept)


def _check_places(root: Path, source: Path | None) -> None:
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is no folder; name one for the store")
    if root.is_dir() and not is_prepared(root) and not all(map(_is_begun, root.iterdir())):
        raise UsageError(f"{root} holds something that is no prepared store: it is left alone, name another")
    if source is None:
        return
    if is_prepared(source):
        raise UsageError(f"{source} is prepared already; give the folder it was prepared from")
    if root.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{root} lies in the data set at {source}, whose folders have a meaning: name a place outside"
        )


def _is_begun(path: Path) -> bool:
    """Whether a run that was killed at its very start can have left this."""
    is_partial = path.name.startswith(".") and path.name.endswith(".partial")
    return is_partial or (path.name == CLIPS and path.is_dir() and not any(path.iterdir()))


def _check_clips(name: str, samples: Sequence[Sample]) -> None:
    for sample in samples:
        if "video" not in sample.media and "audio" not in sample.media:
            found = ", ".join(sample.media) or "nothing"
            raise UsageError(
                f"{name} has no clips to prepare: sample {sample.id} has {found}; "
                "pictures and skeletons are trained on as they are"
            )
        others = [key for key in sample.media if key not in ("video", "audio")]
        strange = [key for key in others if not isinstance(sample.media[key], str | Path)]
        if strange:
            raise UsageError(
                f"sample {sample.id} of {name} has {strange[0]} in memory, which cannot be stored"
            )


def _known(root: Path, header: Header) -> dict[str, Entry]:
    """Entries of an earlier run, finished or not.

    Raises:
        UsageError: The store was made with other settings, or is damaged.
    """
    found: dict[str, Entry] = {}
    if (root / INDEX).is_file():
        try:
            index = Index.model_validate_json((root / INDEX).read_bytes())
        except ValueError as error:
            raise UsageError(f"{root / INDEX} cannot be read ({error}); name another folder") from None
        _check_same(root, index.header, header)
        found = {entry.id: entry for entry in index.entries}
    if (root / JOURNAL).is_file():
        first, *lines = (root / JOURNAL).read_bytes().splitlines() or [b""]
        try:
            _check_same(root, Header.model_validate_json(first), header)
            for line in lines:
                entry = Entry.model_validate_json(line)
                found[entry.id] = entry
        except ValueError:
            pass  # the line that a kill cut off; what follows, if anything, is prepared again
    return found


def _check_same(root: Path, stored: Header, wanted: Header) -> None:
    check_header(root, stored, wanted.dataset, wanted.options)
    one, other = (header.settings.model_dump() for header in (stored, wanted))
    differing = [f"{key} = {one[key]}, not {other[key]}" for key in one if one[key] != other[key]]
    if differing or stored.schema_ != wanted.schema_:
        reason = "; ".join(differing) or f"schema {stored.schema_}"
        raise UsageError(f"{root} was prepared with {reason}: name another folder, or ask for the same")


def _part(
    samples: Sequence[Sample], known: Mapping[str, Entry], root: Path, settings: PrepareSettings
) -> tuple[dict[str, Entry], list[_Task]]:
    """Entries of samples that are done, with today's labels, and what is left to do."""
    done: dict[str, Entry] = {}
    tasks: list[_Task] = []
    for sample in samples:
        source, entry = source_digest(sample), known.get(sample.id)
        if entry is not None and entry.source == source and is_complete(root, entry):
            done[sample.id] = _annotated(entry, sample)
        else:
            tasks.append(_Task(sample, source, root, settings))
    return done, tasks


def _journal(root: Path, header: Header, known: Sequence[Entry]) -> TextIO:
    """The journal, open for more lines; a line that a kill cut off is gone."""
    lines = [header.model_dump_json(by_alias=True), *(entry.model_dump_json() for entry in known)]
    write_text(root / JOURNAL, "\n".join(lines) + "\n")
    return (root / JOURNAL).open("a", encoding="utf-8")


def _make_index(header: Header, corpus: Corpus, done: Mapping[str, Entry]) -> Index:
    return Index(
        header=header,
        labels=corpus.labels,
        task=corpus.task,
        entries=tuple(done[sample.id] for sample in corpus.samples),
        skipped=tuple((item.id, item.reason) for item in corpus.skipped),
    )


# Processes


def _run(tasks: Sequence[_Task], workers: int) -> Iterator[Entry]:
    """Entries as they get done, in any order."""
    if workers < 1:
        yield from map(_prepare_one, tasks)
        return
    crashed: list[_Task] = []
    todo = iter(tasks)
    while True:
        broken = yield from _run_pool(todo, workers)
        if not broken:
            break
        crashed += broken
    for task in crashed:  # whoever was at work when a process died; alone, the culprit is known
        if (yield from _run_pool(iter([task]), 1)):
            log.warning("%s: %s", task.sample.id, _CRASHED)
            yield _annotated(Entry(id=task.sample.id, source="", reason=_CRASHED), task.sample)


def _run_pool(todo: Iterator[_Task], workers: int) -> Iterator[Entry]:
    """Entries of tasks; returns those at work when a process died, and leaves the rest in `todo`."""
    running: dict[Future[Entry], _Task] = {}
    context = multiprocessing.get_context("spawn")  # FFmpeg's and numpy's threads do not survive a fork
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        more = True
        while more or running:
            while more and len(running) < _AHEAD * workers:
                task = next(todo, None)
                more = task is not None
                if task is not None:
                    running[pool.submit(_prepare_one, task)] = task
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                entry = future.result()
                del running[future]
                yield entry
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def _end_with_parent() -> None:
    """Let a worker end when its parent is killed, which nobody else tells it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# One clip


def _prepare_one(task: _Task) -> Entry:
    """Write the files of a sample, or say why it cannot be used."""
    sample, settings = task.sample, task.settings
    entry = _annotated(Entry(id=sample.id, source=task.source), sample)
    place = task.root / CLIPS / file_stem(sample.id)
    files: dict[str, Path] = {}
    notes: list[str] = []
    try:
        if "video" in sample.media:
            video = video_of(sample)
            files["video"] = _finish(place, ".mp4", lambda file: write_video(file, video, settings))
            notes += video.notes
        try:
            blocks = _sound_of(sample, settings.sound_rate_hz)
            files["audio"] = _finish(
                place, ".flac", lambda file: write_sound(file, blocks, settings.sound_rate_hz)
            )
        except MediaError as error:
            if "video" not in sample.media:
                raise
            if "audio" in sample.media:  # no sound, or none that can be used
                notes.append(str(error))
        texts: dict[str, str] = {}
        for name, value in sample.media.items():
            if isinstance(value, Path) and name not in ("video", "audio"):
                content = _read_bytes(value)
                files[name] = _finish(
                    place, f".{name}{value.suffix}", lambda file, content=content: file.write_bytes(content)
                )
            elif isinstance(value, str) and name not in ("video", "audio"):
                texts[name] = value
    except MediaError as error:
        return entry.model_copy(update={"reason": str(error)})
    stored = {
        name: StoredFile(path=file.relative_to(task.root).as_posix(), bytes=file.stat().st_size)
        for name, file in files.items()
    }
    return entry.model_copy(update={"files": stored, "texts": texts, "notes": tuple(notes)})


def _annotated(entry: Entry, sample: Sample) -> Entry:
    """An entry with what the data set says of the sample today."""
    return entry.model_copy(
        update={
            "label": sample.label,
            "label_weights": dict(sample.label_weights) if sample.label_weights is not None else None,
            "subject": sample.subject,
            "split": sample.split,
            "dialogue": sample.dialogue,
            "turn": sample.turn,
            "facts": _plain(sample.facts),
        }
    )


def _plain(value: Any) -> Any:
    """Facts as JSON values."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _finish(place: Path, suffix: str, write: Callable[[Path], object]) -> Path:
    """A file that is there as a whole or not at all.

    Raises:
        AffektError: It cannot be written, which is no fault of the clip: the disk is full, for example.
    """
    path = place.with_name(place.name + suffix)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, path)
    except (OSError, av.error.FFmpegError, soundfile.SoundFileError) as error:
        raise AffektError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return path


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}") from None


# Pictures


def write_video(path: Path, video: Video, settings: PrepareSettings) -> None:
    """Write frames as MP4, each at its own time.

    Raises:
        MediaError: The video cannot be decoded.
    """
    height = min(settings.height, video.height)
    times_s, numbers = _shown(video, settings.frame_rate_hz)
    clock = _clock_of(np.append(times_s, video.end_s))
    ticks = np.round(np.append(times_s, video.end_s) * clock).astype(np.int64)
    ticks = np.maximum.accumulate(ticks - np.arange(len(ticks))) + np.arange(len(ticks))  # frames stay apart
    frames = video.frames(height=height)
    number, picture = next(frames)
    rows, columns = (_stored(size, settings.form) for size in picture.shape[:2])
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream(
            "mjpeg" if settings.form == "jpeg" else "libx264",
            rate=_rate_of(len(times_s), video.end_s),
            options=_OPTIONS[settings.form],
        )
        coder = stream.codec_context
        stream.width, stream.height = columns, rows
        coder.time_base = stream.time_base = Fraction(1, clock)
        coder.thread_count = 1
        coder.pix_fmt = "yuv420p"
        span = ColorRange.JPEG if settings.form == "jpeg" else ColorRange.MPEG
        coder.color_range, coder.colorspace = span, Colorspace.ITU601
        lengths = dict(zip(ticks[:-1].tolist(), np.diff(ticks).tolist(), strict=True))
        for place, wanted in enumerate(numbers.tolist()):
            while number < wanted:
                number, picture = next(frames)
            pixels = np.ascontiguousarray(picture[:rows, :columns])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                format=coder.pix_fmt, dst_colorspace=Colorspace.ITU601, dst_color_range=span
            )
            frame.pts, frame.time_base = int(ticks[place]), Fraction(1, clock)
            _mux(container, stream.encode(frame), lengths)
        _mux(container, stream.encode(None), lengths)


_OPTIONS = {
    # No frame refers to a later one, none to one before its key frame. Without arithmetic coding and
    # deblocking ("fastdecode") reading costs a fifth less at the same size.
    "video": {
        "preset": "veryfast",
        "tune": "fastdecode",
        "crf": str(CRF),
        "g": str(KEY_FRAMES),
        "bf": "0",
        "sc_threshold": "0",
    },
    "jpeg": {"qmin": str(JPEG_SCALE), "qmax": str(JPEG_SCALE)},
}


def _stored(size: int, form: str) -> int:
    """Rows or columns that are kept: H.264 with half the colour resolution has no odd ones, so one is cut."""
    return size - size % 2 if form == "video" and size > 1 else size


def _mux(container: Any, packets: Sequence[Any], lengths: Mapping[int, int]) -> None:
    for packet in packets:
        packet.duration = lengths[packet.pts]  # of the last frame, nothing else tells it
        container.mux(packet)


def _shown(video: Video, rate_hz: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Times of the stored frames, and which of the video's they are: all, or those seen at a fixed rate."""
    if rate_hz is None:
        return video.times_s, np.arange(len(video))
    times_s = np.arange(max(1, round(video.end_s * rate_hz))) / rate_hz
    numbers = np.searchsorted(video.times_s, times_s + 1e-6, side="right") - 1
    return times_s, numbers


def _clock_of(times_s: np.ndarray) -> int:
    """Ticks a second in which all times are whole numbers, if any of the usual clocks does."""
    for clock in _CLOCKS_HZ:
        ticks = times_s * clock
        if np.abs(ticks - np.round(ticks)).max() < 1e-4:
            return clock
    return _FINEST_HZ


def _rate_of(frames: int, end_s: float) -> Fraction:
    """Frames a second, for whom it may concern: times are told frame by frame."""
    return Fraction(min(max(frames / end_s, 0.01), 1000.0)).limit_denominator(1001)


# Sound


def _sound_of(sample: Sample, rate_hz: int) -> Iterator[Waveform]:
    """A sample's sound in pieces, cut to its span.

    Raises:
        NoSound: There is none.
    """
    reference = sample.media.get("audio")
    if reference is None:
        reference = sample.media["video"]
        if not isinstance(reference, str | Path) or Path(reference).is_dir():
            raise NoSound(f"sample {sample.id} has no sound")
    if sample.span_s is None:
        return sound_blocks(reference, seconds=_SOUND_BLOCK_S, rate_hz=rate_hz)
    start, stop = (float(edge) for edge in sample.span_s)
    return iter([read_sound(reference, rate_hz=rate_hz, start_s=start, stop_s=stop)])


def write_sound(path: Path, blocks: Iterator[Waveform], rate_hz: int) -> None:
    """Write one channel as 16-bit FLAC.

    Raises:
        MediaError: The sound cannot be decoded.
    """
    with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16", format="FLAC") as file:
        for block in blocks:
            file.write(np.round(block.samples[0] * 32768.0).clip(-32768, 32767).astype(np.int16))
