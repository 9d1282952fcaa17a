"""A version of a data set that `affekt project release` made.

    DIR/release.json                title, version, labels, split, encoding
        items.jsonl                 {"id": "7301", "label": "joy", "group": "7300", "part": "train", ...}
        media/video/7301.mp4        links, copies, or none, as the project states
        features/7301.safetensors   title (d,), video (t, d), faces (t, d), face_count (t, 1), text (t, d),
                                    audio (d,)

The subject of a sample is its group: items of one account, one event, or copies of each other. A recipe pins
a version with the option `sha256`. Encoded modalities are read for methods that take features, such as
`chfen`; `read = "media"` gives the media files instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, FolderError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.data.release.features import ReleasedFeatures
from affekt.data.release.manifest import ReleasedItem, ReleaseDocument, read_release


class ReleaseOptions(Settings):
    """How a release is read.

    Attributes:
        sha256: The version that is expected, or the beginning of its hash; another one is refused.
        read: Encoded modalities, or media files; `auto` takes features where the release has them.
        votes: Train on the shares of the votes in place of one label, where items were rated.
    """

    sha256: str = ""
    read: Literal["auto", "features", "media"] = "auto"
    votes: bool = False


def read(root: Path, options: ReleaseOptions) -> Corpus:
    """Read a release.

    Raises:
        DataError: It is another version, was altered, or has no features where they are asked for.
    """
    try:
        document, items, sha256 = read_release(root)
    except FolderError as error:
        raise DataError(str(error)) from None
    if not sha256.startswith(options.sha256):
        raise DataError(
            f"{root} is version {document.version} ({sha256[:12]}), the recipe asks for "
            f"{options.sha256[:12]}: use that version, or change data.options.sha256"
        )
    if options.read == "features" and not document.encoding:
        raise DataError(f"{root} has no features: affekt project encode, then a new release")
    takes_features = options.read == "features" or (options.read == "auto" and bool(document.encoding))
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for item in items:
        media = _features(root, document, item) if takes_features else _media(root, document, item)
        if not media:
            skipped.append(Skipped(item.id, "it has no features" if takes_features else "it has no media"))
            continue
        samples.append(
            Sample(
                id=item.id,
                media=media,
                label=item.label,
                label_weights=item.label_weights if options.votes and item.label_weights else None,
                subject=item.group,
                split=item.part,
                facts={"account": item.account, "event": item.event, "title": item.title},
            )
        )
    return Corpus(
        samples, LabelSet.of(*document.labels), skipped, version=f"{document.version} {sha256[:12]}"
    )


def _features(root: Path, document: ReleaseDocument, item: ReleasedItem) -> Any:
    if item.features is None:
        return {}
    sources = {name: encoding.encoder for name, encoding in document.encoding.items()}
    return ReleasedFeatures(root, item.features, item.encoded, sources, _words(item))


def _media(root: Path, document: ReleaseDocument, item: ReleasedItem) -> dict[str, Any]:
    """Files by modality; the sound is the stem that the release states, or that of the video."""
    media: dict[str, Any] = {}
    for file in item.media:
        if file.kind in ("video", "image") or (file.kind == "audio" and file.name == document.stem):
            media[file.kind] = root / file.path
    if words := _words(item):
        media["text"] = words
    return media


def _words(item: ReleasedItem) -> str:
    return " ".join(cue.text for cue in item.words) or item.title


DATASET = Dataset(
    title="A release of `affekt project`: collected clips, checked, rated and split",
    modalities=("title", "video", "text", "audio", "image"),
    licence="as its release.json states",
    cite="as its release.json states",
    options=ReleaseOptions,
    read=read,
)
