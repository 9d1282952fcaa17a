"""`extract`: the frozen encoder of a network sees the videos of a data set once.

The data set is then read from features, in the layout in which its authors hand them out.

    OUT/features/train/rgb/7_Demo_1.npy        (cells, width) float32, a row for each 16 frames
        features/train/logmfcc/7_Demo_1.npy    (rows, 60) float32, log-mel in dB, as it is before any scaling
        features.jsonl                         what made them (see `extract_index`)
        split_train.txt, ...                   the annotations, copied last

Nothing is written where the data set lies.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from affekt.core import catalog
from affekt.core.dataset import Dataset, FeatureLayout
from affekt.core.errors import AffektError, ConfigError, MediaError, UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.method import Method
from affekt.core.recipe import Recipe
from affekt.core.sample import Localizing, Sample
from affekt.core.settings import Settings
from affekt.data.open import open_dataset
from affekt.engine.experiment import data_path, make_network
from affekt.engine.features.backbone import FrozenBackbone
from affekt.engine.features.filling import device_of
from affekt.engine.features.index import (
    INDEX,
    Entry,
    Header,
    add_entry,
    is_begun,
    is_whole,
    places_of,
    read_entries,
    write_array,
    write_index,
)
from affekt.engine.features.keys import describe_network, digest_of
from affekt.engine.weights.initial import check_start, name_weights, read_weights, start_from
from affekt.media.cells import CELL_ROWS, FLOOR_DB, MELS, log_mel_rows
from affekt.media.sound import Waveform
from affekt.media.video import Video, video_of

PICTURE, SOUND = "rgb", "logmel"  # of Sample.media, where features stand for a video
DTYPE = np.dtype(np.float32)
SPARE_CELLS = 2  # of sound that may lack or be left over at the end: whoever reads features puts up with it
SILENCE_DB = -100.0  # of digital silence: librosa's smallest power


@dataclass(frozen=True)
class Extracted:
    """A folder of features.

    Attributes:
        fresh: How many videos were looked at now.
        kept: How many were done already.
    """

    path: Path
    entries: tuple[Entry, ...]
    fresh: int
    kept: int

    @property
    def broken(self) -> list[Entry]:
        """Videos without features, with the reasons."""
        return [entry for entry in self.entries if entry.reason is not None]

    @property
    def noted(self) -> list[Entry]:
        """Videos where something had to be put up with."""
        return [entry for entry in self.entries if entry.notes]

    @property
    def bytes(self) -> int:
        """Size of all features."""
        return sum(file.bytes for entry in self.entries for file in entry.files.values())

    @property
    def width(self) -> int:
        """Numbers that the picture of a cell became; 0 where no video could be used."""
        return next((entry.files[PICTURE].shape[1] for entry in self.entries if entry.files), 0)


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

    Picture: what the recipe's network sees in training, in single precision. Sound: all rows of the log-mel
    spectrogram. A last cell that is not full has features, but fewer than 32 rows: whoever reads files leaves
    it out, as of those that the authors made. Sound that ends more than two cells before or after its picture
    is filled with silence, or cut, as in training, and noted. Without sound there is no file of it.

    What was done before and has not changed is kept; what is stale or damaged is made anew. A video that
    cannot be used is listed, with the reason, and tried again next time. One process at a time may write to a
    folder.

    Args:
        recipe: Its method and config are the network; which data it names is of no concern.
        output: A new or empty folder, or one of the same data set and encoder to go on with.
        data_root: Where the data set with its videos lies; AFFEKT_DATA if not given.
        options: Of the data set.
        weights: Folders that the network starts from, as for `train`.
        on_item: Told how many of how many videos are done.

    Raises:
        UsageError: The data set has no layout of features, or no videos; or `output` holds something else.
        ConfigError: The network has no frozen encoder of pictures, or weights do not fit or are lacking.
        DataError: The data set cannot be read.
        AffektError: The disk is full, or the folder cannot be written. What is done is kept.

    Example:
        >>> recipe = Recipe.load(["tsl_net/tsl300_video"])  # doctest: +SKIP
        >>> extract(recipe, "tsl300", "features", data_root="data", weights=["i3d"]).width  # doctest: +SKIP
        1024
    """
    adapter = catalog.dataset(dataset)
    root, source = Path(output), data_path(data_root)
    layout = _layout_of(adapter)
    _check_places(root, source)
    corpus = open_dataset(adapter, source, dict(options or {}))
    annotations = layout.annotations(source or Path())
    samples = [_filmed(sample) for sample in corpus.samples]
    if not any("video" in sample.media for sample in samples):
        raise UsageError(
            f"{adapter.name} has no videos at {source}; features that it has are read as they are"
        )
    method = catalog.method(recipe.method)
    config = method.make_config(recipe.config)
    given = read_weights(weights)
    check_start(name_weights(recipe, given), given, method)
    model = make_network(recipe, method, config)
    start_from(model, given, method)
    encoder = _Encoder(recipe, method, config, model, samples)
    header = Header(dataset=adapter.name, digest=digest_of(encoder.document), encoder=encoder.document)
    known = read_entries(root, header)
    whole = [sample for sample in samples if _is_done(root, layout, sample, known.get(sample.id))]
    done = {sample.id: known[sample.id] for sample in whole}
    kept = len(done)
    on_item(kept, len(samples))
    write_index(root, header, known.values())
    with (root / INDEX).open("a", encoding="utf-8") as index:
        for sample in samples:
            if sample.id not in done:
                entry = _make(root, layout, sample, encoder)
                add_entry(index, entry)
                done[sample.id] = entry
                on_item(len(done), len(samples))
    entries = tuple(done[sample.id] for sample in samples)
    write_index(root, header, entries)
    _copy(annotations, root)
    for partial in root.rglob(".*.partial"):  # of runs that were killed
        partial.unlink()
    return Extracted(root, entries, len(samples) - kept, kept)


class _Encoder:
    """A frozen encoder, and the preprocessing that shows it a video."""

    def __init__(
        self, recipe: Recipe, method: Method, config: Settings, model: nn.Module, samples: Sequence[Sample]
    ) -> None:
        if not isinstance(method.make_preprocess(config), Localizing):
            raise ConfigError("recipe", [f"method: {method.name} does not look at untrimmed videos"])
        known = [sample for sample in samples if sample.split == "train"]
        preprocess, state, assets = method.fit_preprocess(config, known)
        assert isinstance(preprocess, Localizing)
        seen = [it.name for it in preprocess.spec.inputs if it.name in getattr(model, "cached", ())]
        if len(seen) != 1:
            raise ConfigError(
                "recipe",
                [f"config: this network of {method.name} has no encoder of its own that sees videos"],
            )
        self.name, self.preprocess = seen[0], preprocess
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
        return self.preprocess.count(sample)

    def see(self, sample: Sample, count: int) -> np.ndarray:
        """Features (count, width) of a video's cells; few cells are in memory before they are encoded.

        Raises:
            MediaError: The video cannot be decoded.
        """
        # Its sound is kept by itself: with rows in its place nobody decodes it here.
        unheard = np.zeros((count * CELL_ROWS, MELS), DTYPE)
        shown = replace(sample, media={"video": sample.media["video"], SOUND: unheard})
        cells = (part[self.name] for part in self.preprocess.parts(shown))
        return np.concatenate([self.backbone({self.name: part})[self.name] for part in cells])


def _layout_of(adapter: Dataset) -> FeatureLayout:
    if adapter.features is None:
        raise UsageError(
            f"{adapter.name} is not read from features, so there is no form to write them in; "
            "`affekt data cache` keeps those of any data set for training (train.cached_views = 1)"
        )
    return adapter.features


def _check_places(root: Path, source: Path | None) -> None:
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is no folder; name one for the features")
    if source is not None and root.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{root} lies in the data set at {source}, which is left as it is: name a place outside"
        )
    if not is_begun(root):
        raise UsageError(
            f"{root} holds something that is no folder of features: it is left alone, name another"
        )


def _filmed(sample: Sample) -> Sample:
    """The sample with its video and sound alone: features that it has are of somebody else's encoder."""
    kept = {name: sample.media[name] for name in ("video", "audio") if name in sample.media}
    return replace(sample, media=kept)


def _source_of(sample: Sample) -> str:
    """SHA-256 of what features are made from: the media as they are now."""
    video = sample.media.get("video")
    is_folder = isinstance(video, Path) and video.is_dir()  # of frames, whose rate nobody else tells
    return fingerprint(sample.media, sample.facts.get("rate_hz") if is_folder else None)


def _is_done(root: Path, layout: FeatureLayout, sample: Sample, entry: Entry | None) -> bool:
    if entry is None:
        return False
    try:
        places = places_of(root, layout, sample)
    except MediaError:  # said when it is tried
        return False
    return is_whole(root, entry, _source_of(sample), places)


def _make(root: Path, layout: FeatureLayout, sample: Sample, encoder: _Encoder) -> Entry:
    """Write the features of a video, or say why there are none."""
    entry = Entry(id=sample.id, source=_source_of(sample))
    try:
        places = places_of(root, layout, sample)
        for place in places.values():  # what is there is of another video, or damaged
            (root / place).unlink(missing_ok=True)
        video = video_of(sample)
        opened = replace(sample, media={**sample.media, "video": video})
        count = encoder.count(opened)
        rows, notes = _listen(sample, video, count)
        arrays = {PICTURE: encoder.see(opened, count)} | ({} if rows is None else {SOUND: rows})
    except MediaError as error:
        return entry.model_copy(update={"reason": str(error)})
    files = {name: write_array(root, places[name], array) for name, array in arrays.items()}
    return entry.model_copy(update={"files": files, "notes": (*video.notes, *notes)})


def _listen(sample: Sample, video: Video, count: int) -> tuple[np.ndarray | None, list[str]]:
    """Log-mel rows (n, 60) beside `count` cells, None without sound; and what had to be put up with."""
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
    return filled, [f"its sound ends {far} before its picture; then silence is heard"]


def _copy(files: Mapping[str, Path], root: Path) -> None:
    """Copy annotations into a folder of features, in place of older ones."""
    for name, file in files.items():
        path = root / name
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, partial)
            partial.replace(path)
        except OSError as error:
            raise AffektError(f"{file} cannot be copied to {path}: {error.strerror}") from None
