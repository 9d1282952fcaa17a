"""One page about one model: a single HTML file that loads nothing and can be read without scripts.

Layout is in `page.html.jinja`, style in `page.css`, animation in `page.js`; their values are computed here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import UsageError
from affekt.core.files.whole import write_text
from affekt.media.skeleton import Skeleton
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import SOFT
from affekt.report.line_ends import spread
from affekt.report.run.film_strip import chains, draw_skeletons, normalize_walk
from affekt.report.templates import render_page

# Units of a chart's view box: its size, and the positions of its axes.
WIDTH, HEIGHT = 460, 220
LEFT, RIGHT, TOP, BOTTOM = 34, WIDTH - 134, 16, HEIGHT - 22
END_GAP = 15.0  # between the names at two line ends
RATE_HZ = 30.0  # assumed for walks without a frame rate

TRAILS = ("left_hand", "left_foot", "right_hand", "right_foot")  # joints whose path is drawn
TORSO = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")


@dataclass(frozen=True)
class Figure:
    """A number at the top of the page: its name, its value, and a note."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Walk:
    """A predicted walk; it faces +z with y up. `true` is None for a walk without a label."""

    id: str
    skeleton: Skeleton
    predicted: str
    scores: Mapping[str, float]
    true: str | None = None


@dataclass(frozen=True)
class Command:
    """A command line that reproduces a part of the page, and a description of it."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Page:
    """The content of the page. Empty parts are left out.

    Attributes:
        labels: Class names in order.
        epochs: Rows of `metrics.jsonl`.
        best_epoch: The epoch that was kept, marked in the curves.
        confusion: (k, k) counts, one row for each true class.
        per_class: Rows of numbers, the class under `class`.
        predictions: Rows with id, true, predicted, confidence and a score under each label's name.
        samples: Description of the samples in the confusion matrix and the tables.
        facts: Provenance: versions, hashes, licences, folders.
    """

    title: str
    lead: str
    labels: tuple[str, ...]
    figures: Sequence[Figure] = ()
    walks: Sequence[Walk] = ()
    epochs: Sequence[Mapping[str, Any]] = ()
    best_epoch: int | None = None
    confusion: np.ndarray | None = None
    per_class: Sequence[Mapping[str, Any]] = ()
    predictions: Sequence[Mapping[str, Any]] = ()
    samples: str = ""
    commands: Sequence[Command] = ()
    facts: Mapping[str, str] | None = None


def write_page(path: Path, page: Page) -> None:
    """Write the page as one file.

    Raises:
        UsageError: The size of the confusion matrix differs from the number of labels.
    """
    if page.confusion is not None and page.confusion.shape != (len(page.labels), len(page.labels)):
        raise UsageError(f"a confusion matrix {page.confusion.shape} does not fit {len(page.labels)} labels")
    colors = LabelColors(page.labels)
    text = render_page(
        Path(__file__).parent,
        {"number": _number},
        page=page,
        labels=colors,
        color=colors.css,
        strips=[_strip(walk, colors) for walk in page.walks],
        movements=[_movement(walk.skeleton) for walk in page.walks],
        charts=_charts(page),
        shares=_shares(page.confusion),
        wrong=sum(row["true"] != row["predicted"] for row in page.predictions),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)


def _number(value: Any) -> str:
    """Counts unchanged, measured values with three decimals."""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _shares(confusion: np.ndarray | None) -> list[list[float]]:
    """Each count as a share of its true class."""
    if confusion is None:
        return []
    return (confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)).tolist()


def _strip(walk: Walk, colors: LabelColors) -> tuple[str, str]:
    """The walk as pictures for light and dark pages, for readers without scripts and for print."""
    light, dark, *_ = colors[walk.predicted][1:] if walk.predicted in colors else SOFT
    return _png(draw_skeletons([walk.skeleton], colors=[light], ink=SOFT.light, dpi=100)), _png(
        draw_skeletons([walk.skeleton], colors=[dark], ink=SOFT.dark, dpi=100)
    )


def _png(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _movement(skeleton: Skeleton) -> dict[str, Any]:
    """Values for the animation: one cycle of joint positions in thousandths of the person's height."""
    normalized = normalize_walk(skeleton)[: skeleton.cycle_frames]
    index = {name: place for place, name in enumerate(skeleton.joints)}
    feet = [normalized[:, index[name]] for name in ("left_foot", "right_foot") if name in index]
    return {
        "rate": skeleton.rate_hz or RATE_HZ,
        "joints": normalized.shape[1],
        "frames": np.rint(normalized * 1000).astype(int).ravel().tolist(),
        "limbs": [
            {
                "side": limb[-1].partition("_")[0] if "_" in limb[-1] else "middle",
                "joints": [index[name] for name in limb],
            }
            for limb in chains(skeleton.joints)
        ],
        "head": index.get("head", -1),
        "trails": [index[name] for name in TRAILS if name in index],
        "torso": [index[name] for name in TORSO if name in index],
        "pace": _pace(feet),
    }


def _pace(feet: list[np.ndarray]) -> float:
    """Backward movement of the ground under the lower foot, in heights per frame."""
    if len(feet) < 2 or len(feet[0]) < 2:
        return 0.0
    left, right = feet
    back = np.where(left[1:, 1] < right[1:, 1], -np.diff(left[:, 2]), -np.diff(right[:, 2]))
    # The median, because in a few frames the lower foot still moves forward.
    return round(max(float(np.median(back)), 0.0), 5)


def _charts(page: Page) -> list[dict[str, Any]]:
    """The curves of the loss, and of scores on validation samples."""
    wanted = (
        (
            "Loss: training with all terms, validation with the cross-entropy",
            {"train/loss": "training", "validation/loss": "validation"},
            None,
        ),
        (
            "Validation: accuracy and unweighted average recall (UAR)",
            {"validation/accuracy": "accuracy", "validation/uar": "UAR"},
            (0.0, 1.0),
        ),
    )
    charts = [_chart(title, series, span, page) for title, series, span in wanted]
    return [chart for chart in charts if chart["lines"]]


def _chart(
    title: str, series: Mapping[str, str], span: tuple[float, float] | None, page: Page
) -> dict[str, Any]:
    """Geometry of one chart: lines as SVG points, ticks with their positions."""
    epochs = np.array([row["epoch"] for row in page.epochs], dtype=float)
    values = {
        name: np.array([row[key] for row in page.epochs], dtype=float)
        for key, name in series.items()
        if page.epochs and all(key in row for row in page.epochs)
    }
    values = _merge_equal(values)
    chosen = -1 if page.best_epoch is None else int(np.abs(epochs - page.best_epoch).argmin())
    low, high = span or (0.0, max((float(v.max()) for v in values.values()), default=1.0) * 1.04 or 1.0)
    first, last = (epochs[0], max(epochs[-1], epochs[0] + 1)) if len(epochs) else (0.0, 1.0)

    def x(epoch: Any) -> Any:
        return np.round(LEFT + (epoch - first) / (last - first) * (RIGHT - LEFT), 1)

    def y(value: Any) -> Any:
        return np.round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)

    last_y = {name: float(y(values[name][-1])) for name in values}
    order = sorted(last_y, key=lambda name: last_y[name])
    places = spread([last_y[name] for name in order], END_GAP, float(TOP), float(BOTTOM))
    ends = dict(zip(order, places, strict=True))
    return {
        "title": title,
        **{"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "lines": [
            {
                "name": name,
                "points": " ".join(f"{a},{b}" for a, b in zip(x(epochs), y(v), strict=True)),
                "value": float(v[chosen]),
                "end": ends[name],
            }
            for name, v in values.items()
        ],
        "x": [{"at": x(tick), "text": f"{tick:g}"} for tick in _ticks(first, last, whole=True)],
        "y": [{"at": y(tick), "text": f"{tick:g}"} for tick in _ticks(low, high)],
        "best": None if page.best_epoch is None else x(page.best_epoch),
        "is_late": page.best_epoch is not None and page.best_epoch > (first + last) / 2,
    }


def _merge_equal(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One line for equal curves: accuracy and UAR are equal if classes are balanced."""
    names: list[list[str]] = []
    for name, curve in values.items():
        twin = next((group for group in names if np.allclose(values[group[0]], curve, atol=1e-6)), None)
        if twin is None:
            names.append([name])
        else:
            twin.append(name)
    return {" = ".join(group): values[group[0]] for group in names}


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """A few round numbers from `low` to `high`."""
    step = 10.0 ** np.floor(np.log10(high - low))
    step = next(step * part for part in (0.2, 0.25, 0.5, 1.0, 2.0) if (high - low) / (step * part) <= 6.5)
    step = max(1.0, np.ceil(step)) if whole else step
    return [round(float(tick), 6) for tick in np.arange(np.ceil(low / step) * step, high + step * 1e-6, step)]


__all__ = ["Command", "Figure", "Page", "Walk", "write_page"]
