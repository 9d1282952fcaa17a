"""One page about predicted clips: the answer to each clip, and when it applies.

It is one HTML file that loads nothing, with one exception: to play a clip with detected segments, it opens
the clip's own file when the reader starts the player.

The page needs no more than the core install, because bundles write it: drawings are SVG, without matplotlib.
Layout is in `page.html.jinja` and the templates that it includes, style in `page.css`, the cursor in
`page.js`. The page can be read without scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from affekt.core.answers.prediction import Prediction
from affekt.core.files.whole import write_text
from affekt.core.sample import Sample, Skipped
from affekt.core.wording import count
from affekt.report.colors.labels import LabelColors
from affekt.report.templates import render_page
from affekt.report.timeline.clip import describe_clip, media_of
from affekt.report.timeline.lanes import Events
from affekt.report.timeline.media import Pictures
from affekt.report.timeline.moments import clock, percent, scored
from affekt.report.timeline.parts import WIDTH, on_clock, when
from affekt.report.timeline.photos import describe_photos
from affekt.report.timeline.segments import LISTED, score, strength
from affekt.report.wording import noun_of

FULL = 50  # clips that are drawn; a page with more would be slow to write and to open
FULL_GRID = 240  # the same for items without times, such as pictures


def write_timeline(
    path: Path,
    predictions: Sequence[Prediction],
    skipped: Sequence[Skipped] = (),
    *,
    samples: Mapping[str, Sample] | None = None,
    title: str = "",
    lead: str = "",
    events: str = "stated",
    full: int | None = None,
) -> None:
    """Write the page: a card with a timeline for each of the first clips, and a table of the others.

    Frames and sound are read again from the file that a prediction names. Without that file the rest is
    drawn, with a note.

    Args:
        samples: By id: the media of predictions whose id is not the name of a file, and the true events of a
            clip (the segments and points of the sample).
        title: By default the name of the clip, or the number of clips.
        lead: Introduction; a blank line begins a new paragraph.
        events: Origin of the true events, such as `annotated`; shown beside them.
        full: Number of items that are drawn; by default `FULL`, of items without times `FULL_GRID`.
    """
    known = {name: Events.of(sample, events) for name, sample in (samples or {}).items()}
    # Answers first, so that true events of other labels change no order.
    colors = LabelColors(
        name
        for names in (map(_names, predictions), map(_true_names, known.values()))
        for it in names
        for name in it
    )
    what = _noun(predictions)
    is_grid = len(predictions) > 1 and not any(map(_has_times, predictions))
    full = full if full is not None else FULL_GRID if is_grid else FULL
    pictures = Pictures()
    # A generator, because each clip holds its frames: the template takes them one by one.
    clips = (
        describe_clip(
            prediction,
            media_of(prediction, samples or {}, pictures),
            known.get(prediction.id, Events()),
            colors,
            path.parent,
        )
        for prediction in predictions[:full]
    )
    if not title:
        title = _title(predictions, what)
    answered = Counter(prediction.label for prediction in predictions)
    page = render_page(
        Path(__file__).parent,
        {
            "clock": clock,
            "count": count,
            "on_clock": on_clock,
            "percent": percent,
            "score": score,
            "scored": scored,
            "strength": strength,
            "when": when,
        },
        labels=colors,
        title=title,
        lead=[part for part in lead.split("\n\n") if part.strip()],
        has_segments=any(prediction.segments is not None for prediction in predictions),
        has_moments=any(prediction.moments for prediction in predictions),
        color=colors.css,
        width=WIDTH,
        what=what,
        is_grid=is_grid,
        counts=sorted(answered.items(), key=lambda item: (-item[1], colors[item[0]].place))
        if len(predictions) > 1
        else (),
        photos=describe_photos(predictions[:full], pictures),
        clips=clips,
        listed=LISTED,
        rest=predictions[full:],
        skipped=skipped,
        sources=dict.fromkeys(prediction.provenance for prediction in predictions),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


def _noun(predictions: Sequence[Prediction]) -> str:
    if predictions and all(prediction.box is not None for prediction in predictions):
        return "face"
    return noun_of(prediction.modality for prediction in predictions)


def _title(predictions: Sequence[Prediction], what: str) -> str:
    """The name of the only input, or the number of answers; of the faces of one photo, both."""
    sources = dict.fromkeys(prediction.source for prediction in predictions)
    if len(predictions) == 1:
        return PurePath(predictions[0].source).name
    if len(sources) == 1 and what == "face":
        return f"{PurePath(next(iter(sources))).name}: {count(predictions, what)}"
    return count(predictions, what)


def _has_times(prediction: Prediction) -> bool:
    """Whether there is anything to draw over time."""
    return bool(prediction.moments) or prediction.segments is not None or prediction.span_s is not None


def _names(prediction: Prediction) -> Iterator[str]:
    """Every label in an answer."""
    yield from prediction.scores
    yield from (segment.label for segment in prediction.segments or ())


def _true_names(events: Events) -> Iterator[str]:
    """Every label of true events."""
    yield from (event.label for event in (*(events.segments or ()), *events.points) if event.label)
