"""ELAN documents (EAF 3.0): tiers of annotations, and tiers whose annotations belong to those of another."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from affekt.core.files.whole import write_bytes
from affekt.report.annotations.times import Annotation, milliseconds
from affekt.report.wording import printable

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LINKED = "Symbolic_Association"


@dataclass(frozen=True)
class Tier:
    """Annotations with times, which must not overlap.

    Attributes:
        name: Unique in the document.
        participant: Who is annotated; empty if nobody in particular.
        linked: Tiers without times of their own, by name: a text for each annotation, None for those that
            have none. ELAN keeps them at the annotations of this tier when those are moved.
    """

    name: str
    annotations: Sequence[Annotation]
    participant: str = ""
    linked: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


def write_tiers(
    path: Path, tiers: Iterable[Tier], *, facts: Mapping[str, str], media: Mapping[str, str] | None = None
) -> None:
    """Write an ELAN document.

    Annotations shorter than a millisecond are left out, because ELAN has none of length zero.

    Args:
        facts: Properties of the document.
        media: Attributes of the element that names the annotated file; None without a file.

    Source: EAF 3.0 schema and "ELAN Annotation Format" of the Max Planck Institute for Psycholinguistics.
    """
    root = _document(_Document(list(tiers)), facts, media)
    ElementTree.indent(root)
    # Bytes with the encoding stated; line ends of texts are kept by the reader.
    write_bytes(path, ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


class _Document:
    """Tiers with times in milliseconds, the slots of these times, and the number of annotations."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self.tiers = tiers
        self.kept = [[number for number, _ in _spans(tier)] for tier in tiers]
        # Each annotation has two slots of its own: ELAN moves annotations that share a slot together.
        self.slots = [time for tier in tiers for _, span in _spans(tier) for time in span]
        self.order = sorted(range(len(self.slots)), key=self.slots.__getitem__)
        self.name = {slot: f"ts{number}" for number, slot in enumerate(self.order, 1)}


def _spans(tier: Tier) -> list[tuple[int, tuple[int, int]]]:
    """Number, start and end of each annotation of at least a millisecond."""
    spans = [(milliseconds(start), milliseconds(end)) for start, end, _ in tier.annotations]
    return [(number, span) for number, span in enumerate(spans) if span[0] < span[1]]


def _document(
    document: _Document, facts: Mapping[str, str], media: Mapping[str, str] | None
) -> ElementTree.Element:
    """Elements in the order that the schema requires: header, times, tiers, types of tiers, constraints."""
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
    if media is not None:
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", dict(media))
    times = ElementTree.SubElement(root, "TIME_ORDER")
    for slot in document.order:
        ElementTree.SubElement(
            times, "TIME_SLOT", TIME_SLOT_ID=document.name[slot], TIME_VALUE=str(document.slots[slot])
        )
    number, slot, has_links = 0, 0, False
    for tier, kept in zip(document.tiers, document.kept, strict=True):
        holder = _add_tier(root, tier.name, "segments", tier.participant)
        parents: dict[int, str] = {}
        for place in kept:
            number += 1
            parents[place] = f"a{number}"
            ends = {"TIME_SLOT_REF1": document.name[slot], "TIME_SLOT_REF2": document.name[slot + 1]}
            _add_annotation(holder, "ALIGNABLE_ANNOTATION", parents[place], ends, tier.annotations[place][2])
            slot += 2
        for name, texts in tier.linked.items():
            has_links = True
            holder = _add_tier(root, name, "linked", tier.participant, parent=tier.name)
            for place, parent in parents.items():
                if (text := texts[place]) is not None:
                    number += 1
                    _add_annotation(holder, "REF_ANNOTATION", f"a{number}", {"ANNOTATION_REF": parent}, text)
    # ELAN continues to count from here.
    for name, value in {**facts, "lastUsedAnnotationId": str(number)}.items():
        ElementTree.SubElement(header, "PROPERTY", NAME=name).text = printable(value)
    _add_types(root, has_links=has_links)
    return root


def _add_tier(
    root: ElementTree.Element, name: str, kind: str, participant: str, *, parent: str = ""
) -> ElementTree.Element:
    facts = {"LINGUISTIC_TYPE_REF": kind, "TIER_ID": name, "PARTICIPANT": participant, "PARENT_REF": parent}
    return ElementTree.SubElement(
        root, "TIER", {key: printable(value) for key, value in facts.items() if value}
    )


def _add_annotation(
    tier: ElementTree.Element, kind: str, name: str, links: Mapping[str, str], text: str
) -> None:
    annotation = ElementTree.SubElement(tier, "ANNOTATION")
    element = ElementTree.SubElement(annotation, kind, {"ANNOTATION_ID": name, **links})
    ElementTree.SubElement(element, "ANNOTATION_VALUE").text = printable(text)


def _add_types(root: ElementTree.Element, *, has_links: bool) -> None:
    """Types of tiers that occur, and what they demand."""
    ElementTree.SubElement(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID="segments",
        TIME_ALIGNABLE="true",
    )
    if has_links:
        ElementTree.SubElement(
            root,
            "LINGUISTIC_TYPE",
            CONSTRAINTS=_LINKED,
            GRAPHIC_REFERENCES="false",
            LINGUISTIC_TYPE_ID="linked",
            TIME_ALIGNABLE="false",
        )
        ElementTree.SubElement(
            root, "CONSTRAINT", DESCRIPTION="1-1 association with a parent annotation", STEREOTYPE=_LINKED
        )
