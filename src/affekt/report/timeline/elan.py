"""The answer to one clip as an ELAN document, for annotators."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.report.timeline.moments import (
    attention_of,
    key_spans,
    likeliest,
    percent,
    scored,
    without_overlaps,
)
from affekt.report.timeline.one_clip import Annotation, check_moments, milliseconds, span_of
from affekt.report.wording import printable

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# Names that ELAN uses; for other types its player reads the file itself.
_MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".wav": "audio/x-wav",
}


def write_eaf(path: Path, prediction: Prediction) -> None:
    """Write an ELAN document (EAF 3.0).

    For a localization answer it has a tier for each label, with the detected segments. Annotations of a tier
    must not overlap in ELAN, so of overlapping segments the one with the highest score is kept. For other
    answers it has three tiers: `emotion` holds the clip's answer over its span; `attention` the salient
    stretches, with their mean attention as a share of the clip's highest; `moments` the most likely label of
    each moment.

    Raises:
        UsageError: The answer has no moments.

    Source: EAF 3.0 schema and "ELAN Annotation Format" of the Max Planck Institute for Psycholinguistics.
    """
    check_moments(path, prediction)
    tiers = _moment_tiers(prediction) if prediction.segments is None else _label_tiers(prediction)
    tree = ElementTree.ElementTree(_eaf_document(path, prediction, tiers))
    ElementTree.indent(tree)
    tree.write(path, encoding="UTF-8", xml_declaration=True)


def _label_tiers(prediction: Prediction) -> dict[str, list[Annotation]]:
    """Segments of each label; the tier of a label without segments is empty."""
    tiers: dict[str, list[Annotation]] = {name: [] for name in prediction.scores}
    for one in without_overlaps(prediction.segments or ()):
        tiers.setdefault(one.label, []).append((one.start_s, one.end_s, scored(one)))
    return tiers


def _moment_tiers(prediction: Prediction) -> dict[str, list[Annotation]]:
    spans, scores = key_spans(prediction)
    highest = attention_of(prediction).max() or 1.0
    return {
        "emotion": [(*span_of(prediction), f"{prediction.label} {percent(prediction.confidence)}")],
        "attention": [
            (float(start), float(end), f"{score / highest:.2f}")
            for (start, end), score in zip(spans, scores, strict=True)
        ],
        "moments": [
            (m.start_s, m.end_s, f"{likeliest(m)} {percent(m.scores[likeliest(m)])}")
            for m in prediction.moments
        ],
    }


def _eaf_document(
    path: Path, prediction: Prediction, tiers: dict[str, list[Annotation]]
) -> ElementTree.Element:
    """Elements in the order that the schema requires: header, times, tiers, types of tiers."""
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "affekt",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": _XSI,
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = ElementTree.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    media = Path(prediction.id)
    if media.is_file():  # ELAN cannot play decoded media or folders of frames
        ElementTree.SubElement(
            header, "MEDIA_DESCRIPTOR", _media_descriptor(path, media, prediction.modality)
        )
    _add_properties(header, prediction, sum(map(len, tiers.values())))
    times = ElementTree.SubElement(root, "TIME_ORDER")
    slots: list[int] = []
    drawn = {name: _in_milliseconds(annotations) for name, annotations in tiers.items()}
    # Each annotation has two slots of its own: ELAN moves annotations that share a slot together.
    for spans in drawn.values():
        slots += [time for start, end, _ in spans for time in (start, end)]
    order = sorted(range(len(slots)), key=slots.__getitem__)
    place = {slot: number for number, slot in enumerate(order, 1)}
    for slot in order:
        ElementTree.SubElement(
            times, "TIME_SLOT", TIME_SLOT_ID=f"ts{place[slot]}", TIME_VALUE=str(slots[slot])
        )
    number = 0
    for name, spans in drawn.items():
        tier = ElementTree.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="segments", TIER_ID=printable(name))
        for _, _, text in spans:
            number += 1
            holder = ElementTree.SubElement(
                ElementTree.SubElement(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=f"ts{place[2 * number - 2]}",
                TIME_SLOT_REF2=f"ts{place[2 * number - 1]}",
            )
            ElementTree.SubElement(holder, "ANNOTATION_VALUE").text = printable(text)
    ElementTree.SubElement(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID="segments",
        TIME_ALIGNABLE="true",
    )
    return root


def _in_milliseconds(annotations: Sequence[Annotation]) -> list[tuple[int, int, str]]:
    """In milliseconds; annotations shorter than one are left out, because ELAN has none of length zero."""
    rounded = [(milliseconds(start), milliseconds(end), text) for start, end, text in annotations]
    return [one for one in rounded if one[0] < one[1]]


def _add_properties(header: ElementTree.Element, prediction: Prediction, annotations: int) -> None:
    facts = {
        "method": prediction.provenance.method,
        "weights_sha256": prediction.provenance.weights_sha256,
        "modality": prediction.modality,
        **{f"note {number}": note for number, note in enumerate(prediction.notes, 1)},
        "lastUsedAnnotationId": str(annotations),  # ELAN continues to count from here
    }
    for name, value in facts.items():
        ElementTree.SubElement(header, "PROPERTY", NAME=name).text = printable(value)


def _media_descriptor(path: Path, media: Path, modality: str) -> dict[str, str]:
    """The path of the clip, absolute and relative to the document, so that both can be moved together.

    Not percent-encoded: ELAN reads the part after `file:` as a path, and writes it in this form itself.
    """
    kind = "audio" if modality == "audio" else "video"
    place = media.resolve().as_posix()
    found = {
        "MEDIA_URL": printable(f"file://{place}" if place.startswith("/") else f"file:///{place}"),
        "MIME_TYPE": _MIME.get(media.suffix.lower(), f"{kind}/*"),
    }
    try:
        relative = Path(os.path.relpath(media.resolve(), path.resolve().parent)).as_posix()
    except ValueError:  # on two drives
        return found
    relative = relative if relative.startswith("../") else f"./{relative}"
    return {**found, "RELATIVE_MEDIA_URL": printable(relative)}
