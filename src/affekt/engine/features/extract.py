"""`extract`: pass the videos of a data set through the frozen encoder of a network, once.

The data set is then read from features, in the layout in which its authors publish theirs.

    OUT/features/train/rgb/7_Demo_1.npy        (cells, width) float32, a row for each 16 frames
        features/train/logmfcc/7_Demo_1.npy    (rows, 60) float32, log-mel in dB, before any scaling
        features.jsonl                         the encoder, and a line per video (see `index`)
        split_train.txt, ...                   the annotations, copied last

Nothing is written into the folder of the data set.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from affekt.core import catalog
from affekt.core.dataset import Dataset, FeatureLayout
from affekt.core.errors import ConfigError, MediaError, UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.files.journal import Store, check_output, open_journal, write_journal
from affekt.core.files.lock import writing_alone
from affekt.core.files.whole import remove_partials, write_whole
from affekt.core.method import Method
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample, as_localizing
from affekt.core.settings import Settings
from affekt.core.task import find_task
from affekt.data.open import data_path, open_dataset
from affekt.engine.experiment import make_network
from affekt.engine.features.backbone import FrozenBackbone
from affekt.engine.features.filling import device_of
from affekt.engine.features.index import (
    INDEX,
    FeatureEntry,
    FeatureHeader,
    is_begun,
    is_whole,
    places_of,
    read_entries,
    write_array,
)
from affekt.engine.features.keys import describe_network, digest_of
from affekt.engine.weights.initial import check_start, name_weights, read_weights, start_from
from affekt.media.cells import CELL_ROWS, FLOOR_DB, MELS, log_mel_rows
from affekt.media.sound import Waveform
from affekt.media.video import Video, video_of

DTYPE = np.dtype(np.float32)
SPARE_CELLS = 2  # of sound that may be missing or left over at the end: readers of features accept it
SILENCE_DB = -100.0  # of digital silence: librosa's smallest power


class Extracted(Store[FeatureEntry]):
    """A folder of features."""

    @property
    def noted(self) -> list[FeatureEntry]:
        """Videos whose input has limitations."""
        return [entry for entry in self.entries if entry.notes]

    @property
    def width(self) -> int:
        """Width of the features of a cell; 0 where no video could be used."""
        files = (next(iter(entry.files.values())) for entry in self.entries if entry.files)
        return next((picture.shape[1] for picture in files), 0)


def extract(
    recipe: Recipe,
    dataset: str,
    output: Path | str,
    *,
    data_root: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    weights: Sequence[Path | str] = (),
    on_item: Callable[[int, int], None] = lambda done, total: None,
) -> Extracted:
    """Write features of the videos of a data set; `--data-root` of any verb then takes the folder.

    Picture: what the encoder of the recipe's network gives in training, in single precision. Sound: all rows
    of the log-mel spectrogram. A last cell that is not full has features, but fewer than 32 rows: readers of
    the files skip it, as in those of the authors. Sound that ends more than two cells before or after its
    picture is padded with silence, or cut, as in training, and noted. Without sound there is no file of it.

    What was done before and has not changed is kept; what is stale or damaged is made again. A video that
    cannot be used is listed, with the reason, and tried again next time. Only one process at a time may write
    to a folder.

    Args:
        recipe: Its method and config are the network; its data are not used.
        output: A new or empty folder, or one of the same data set and encoder to continue.
        data_root: Where the data set with its videos lies; AFFEKT_DATA if not given.
        options: Of the data set.
        weights: Folders that the network starts from, as for `train`.
        on_item: Called with the number of videos that are done and of all videos.

    Raises:
        UsageError: The data set has no layout of features, or no videos; or `output` holds something else, or
            another process extracts into it.
        ConfigError: The network has no frozen encoder of pictures, or weights are missing or do not match.
        DataError: The data set cannot be read.
        AffektError: The disk is full, or the folder cannot be written. The next run continues it.

    Example:
        >>> recipe = Recipe.load(["tsl_net/tsl300_video"])  # doctest: +SKIP
        >>> extract(recipe, "tsl300", "features", data_root="data", weights=["i3d"]).width  # doctest: +SKIP
        1024
    """
    adapter = catalog.dataset(dataset)
    root, source = Path(output), data_path(data_root)
    layout = _layout_of(adapter)
    check_output(root, source, is_begun=is_begun, kind="folder of features")
    corpus = open_dataset(adapter, source, dict(options or {}))
    annotations = layout.annotations(source or Path())
    samples = [_without_features(sample) for sample in corpus.samples]
    if not any("video" in sample.media for sample in samples):
        raise UsageError(
            f"{adapter.name} has no videos at {source}; its features can be read without this step"
        )
    method = catalog.method(recipe.method)
    config = method.make_config(recipe.config)
    given = read_weights(weights)
    check_start(name_weights(recipe, given), given, method)
    model = make_network(recipe, method, config)
    start_from(model, given, method)
    encoder = _Encoder(recipe, method, config, model, samples, layout)
    header = FeatureHeader(dataset=adapter.name, digest=digest_of(encoder.document), encoder=encoder.document)
    with writing_alone(root, work="extracts these features"):
        return _fill(root, header, layout, samples, encoder, annotations, on_item)


def _fill(
    root: Path,
    header: FeatureHeader,
    layout: FeatureLayout,
    samples: Sequence[Sample],
    encoder: _Encoder,
    annotations: Mapping[str, Path],
    on_item: Callable[[int, int], None],
) -> Extracted:
    """Extract what the folder lacks."""
    known = read_entries(root, header)
    whole = [sample for sample in samples if _is_done(root, layout, sample, known.get(sample.id))]
    done = {sample.id: known[sample.id] for sample in whole}
    kept = len(done)
    on_item(kept, len(samples))
    with open_journal(root / INDEX, header, known.values()) as add:
        for sample in samples:
            if sample.id not in done:
                entry = _make(root, layout, sample, encoder)
                add(entry)
                done[sample.id] = entry
                on_item(len(done), len(samples))
    entries = tuple(done[sample.id] for sample in samples)
    write_journal(root / INDEX, header, entries)
    _copy(annotations, root)
    remove_partials(root)
    return Extracted(root, entries, len(samples) - kept, kept)


class _Encoder:
    """A frozen encoder, and the preprocessing that prepares its input."""

    def __init__(
        self,
        recipe: Recipe,
        method: Method,
        config: Settings,
        model: nn.Module,
        samples: Sequence[Sample],
        layout: FeatureLayout,
    ) -> None:
        if not any(find_task(name).by_cells for name in method.tasks):
            raise ConfigError("recipe", [f"method: {method.name} does not process untrimmed videos"])
        known = [sample for sample in samples if sample.split == "train"]
        preprocess, state, assets = method.fit_preprocess(config, known)
        seen = [it.name for it in preprocess.spec.inputs if it.name in getattr(model, "cached", ())]
        if len(seen) != 1:
            raise ConfigError(
                "recipe",
                [f"config: this network of {method.name} has no encoder of its own for videos"],
            )
        self.name, self.preprocess, self.sound = seen[0], preprocess, layout.sound
        device = device_of(recipe)
        self.backbone = FrozenBackbone(
            model.to(device), method.name, config, device, dtype=DTYPE, asked_by="config"
        )
        self.document = describe_network(method, model, config, preprocess, state, DTYPE.name, assets=assets)

    def count(self, sample: Sample) -> int:
        """Cells of a video.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        return as_localizing(self.preprocess).count(sample)

    def encode(self, sample: Sample, count: int) -> np.ndarray:
        """Features (count, width) of a video's cells; only a few cells are in memory at a time.

        Raises:
            MediaError: The video cannot be decoded.
        """
        # Sound is stored by itself: with empty rows in its place it is not decoded here.
        silence = np.zeros((count * CELL_ROWS, MELS), DTYPE)
        shown = replace(sample, media={"video": sample.media["video"], self.sound: silence})
        cells = (part[self.name] for part in as_localizing(self.preprocess).parts(shown))
        return np.concatenate([self.backbone({self.name: part})[self.name] for part in cells])


def _layout_of(adapter: Dataset) -> FeatureLayout:
    if adapter.features is None:
        raise UsageError(
            f"{adapter.name} is not read from features, so they have no layout to be written in; "
            "`affekt data cache` keeps those of any data set for training (train.cached_views = 1)"
        )
    return adapter.features


def _without_features(sample: Sample) -> Sample:
    """The sample with its video and sound alone: its features are those of another encoder."""
    kept = {name: sample.media[name] for name in ("video", "audio") if name in sample.media}
    return replace(sample, media=kept)


def _source_of(sample: Sample) -> str:
    """SHA-256 of what features are made from: name, size and time of the media files."""
    video = sample.media.get("video")
    is_folder = isinstance(video, Path) and video.is_dir()  # of frames, which states no rate
    return fingerprint(sample.media, sample.facts.get("rate_hz") if is_folder else None)


def _is_done(root: Path, layout: FeatureLayout, sample: Sample, entry: FeatureEntry | None) -> bool:
    if entry is None:
        return False
    try:
        places = places_of(root, layout, sample)
    except MediaError:  # reported when it is tried
        return False
    return is_whole(root, entry, _source_of(sample), places)


def _make(root: Path, layout: FeatureLayout, sample: Sample, encoder: _Encoder) -> FeatureEntry:
    """Write the features of a video; the entry states them, or why there are none."""
    entry = FeatureEntry(id=sample.id, source=_source_of(sample))
    try:
        places = places_of(root, layout, sample)
        for place in places.values():  # older files are of another video, or damaged
            (root / place).unlink(missing_ok=True)
        video = video_of(sample)
        opened = replace(sample, media={**sample.media, "video": video})
        count = encoder.count(opened)
        rows, notes = _sound_rows(sample, video, count)
        arrays = {layout.picture: encoder.encode(opened, count)}
        if rows is not None:
            arrays[layout.sound] = rows
    except MediaError as error:
        return entry.model_copy(update={"reason": str(error)})
    files = {name: write_array(root, places[name], array) for name, array in arrays.items()}
    return entry.model_copy(update={"files": files, "notes": (*video.notes, *notes)})


def _sound_rows(sample: Sample, video: Video, count: int) -> tuple[np.ndarray | None, list[str]]:
    """Log-mel rows (n, 60) for `count` cells, None without sound; and limitations of the sound."""
    source = sample.media.get("audio", sample.media["video"])
    if not isinstance(source, Path | str | Waveform):
        return None, [f"sample {sample.id} has no sound"]
    try:
        rows = log_mel_rows(source, len(video) / video.end_s)
    except MediaError as error:  # no sound, or none that can be used
        return None, [str(error)]
    wanted, beyond = count * CELL_ROWS, len(rows) / CELL_ROWS - count
    if abs(beyond) <= SPARE_CELLS:
        return rows, []
    far = f"{abs(beyond) * video.end_s / count:.1f} s"
    if beyond > 0:
        return rows[:wanted], [f"its sound ends {far} after its picture and is cut"]
    floor = max(SILENCE_DB, float(rows.max()) - FLOOR_DB)
    filled = np.pad(rows, ((0, wanted - len(rows)), (0, 0)), constant_values=floor)
    return filled, [f"its sound ends {far} before its picture and is padded with silence"]


def _copy(files: Mapping[str, Path], root: Path) -> None:
    """Copy annotations into a folder of features; older ones are replaced."""
    for name, file in files.items():
        with write_whole(root / name) as partial:
            shutil.copyfile(file, partial)
