"""What changed between two releases: items, labels, parts, media, encoding, and scores of the baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from affekt.data.release.manifest import ReleasedItem, read_release
from affekt.project.baseline.stored import read_scores


@dataclass(frozen=True)
class Changed:
    """A value of an item that differs."""

    id: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """Differences between two releases.

    Attributes:
        media: Items some of whose files differ, have come or gone.
        settings: Labels, split, encoding, stem and so on, by name.
        scores: Of the baseline, by row; None where one of both has none.
    """

    before: str
    after: str
    added: list[str]
    removed: list[str]
    labels: list[Changed]
    parts: list[Changed]
    groups: list[Changed]
    media: list[str]
    features: list[str]
    settings: list[Changed]
    scores: dict[str, tuple[float, float]] | None = field(default=None)

    @property
    def flows(self) -> Mapping[str, int]:
        """How often a label became another one, such as `fear -> surprise`, the most frequent first."""
        counts = Counter(f"{one.before} -> {one.after}" for one in self.labels)
        return dict(counts.most_common())


def compare_releases(before: Path, after: Path) -> Difference:
    """Compare two folders of releases.

    Raises:
        FolderError: One is no release, or was altered.
    """
    one, old, first = read_release(before)
    other, new, second = read_release(after)
    olds, news = ({item.id: item for item in items} for items in (old, new))
    both = [(olds[name], news[name]) for name in sorted(olds.keys() & news.keys())]

    def changed(field_name: str) -> list[Changed]:
        return [
            Changed(a.id, getattr(a, field_name), getattr(b, field_name))
            for a, b in both
            if getattr(a, field_name) != getattr(b, field_name)
        ]

    return Difference(
        before=f"{one.version} {first[:12]}",
        after=f"{other.version} {second[:12]}",
        added=sorted(news.keys() - olds.keys()),
        removed=sorted(olds.keys() - news.keys()),
        labels=changed("label"),
        parts=changed("part"),
        groups=changed("group"),
        media=[a.id for a, b in both if _files(a) != _files(b)],
        features=[a.id for a, b in both if _features(a) != _features(b)],
        settings=_settings(one.model_dump(), other.model_dump()),
        scores=_scores(before, after),
    )


def _files(item: ReleasedItem) -> set[tuple[str, str, str]]:
    return {(file.kind, file.name, file.sha256) for file in item.media}


def _features(item: ReleasedItem) -> str:
    return item.features.sha256 if item.features else ""


def _settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Changed]:
    names = ("labels", "split", "split_sha256", "stem", "encoding", "licence", "overridden")
    return [Changed(name, str(one[name]), str(other[name])) for name in names if one[name] != other[name]]


def _scores(before: Path, after: Path) -> dict[str, tuple[float, float]] | None:
    olds, news = read_scores(before), read_scores(after)
    if olds is None or news is None:
        return None
    return {name: (olds[name], news[name]) for name in olds if name in news}
