"""One page about predicted clips: what each shows, and when. One HTML file that loads nothing; to play a
clip in which segments were looked for, it opens the clip's own file once somebody asks for it.

Needs no more than the core install, for it is written where a bundle answers: plain strings instead of
templates, SVG instead of matplotlib. Looks are in `timeline.css`, the cursor in `timeline.js`; the page can
be read without scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from affekt.core.files.whole import write_text
from affekt.core.prediction import Prediction
from affekt.core.sample import Sample, Skipped
from affekt.report.timeline.card import card, media_of
from affekt.report.timeline.lanes import Events
from affekt.report.timeline.moments import percent
from affekt.report.timeline.parts import Places, color_of, places_of, tag, text, when
from affekt.report.wording import count

HERE = Path(__file__).parent
FULL = 50  # clips that are drawn; a page of more would take long to write and to open

_NO_SECURITY_HOLE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_PLAYS = "; media-src 'self' file: blob:"  # the clip's own file, or one that the reader chose


def write_timeline(
    path: Path,
    predictions: Sequence[Prediction],
    skipped: Sequence[Skipped] = (),
    *,
    samples: Mapping[str, Sample] | None = None,
    title: str = "",
    lead: str = "",
    events: str = "stated",
    full: int = FULL,
) -> None:
    """Write the page: a card with its timeline for each clip, and a table of those that are too many.

    Frames and sound are read again from the file that a prediction names; where it is gone, the rest is drawn
    and the card says so.

    Args:
        samples: By id: where media of predictions lie that are no files of that name, and what truly happens
            in them, if their segments and points say so.
        title: The clip's name, or how many there are, if not given.
        lead: What to know before reading on; a blank line begins a new paragraph.
        events: How it is known what truly happens, such as `annotated`; stands beside the events.
        full: How many clips are drawn.
    """
    places = places_of(name for prediction in predictions for name in _names(prediction))
    drawn, rest = predictions[:full], predictions[full:]
    known = {name: Events.of(sample, events) for name, sample in (samples or {}).items()}
    cards = (
        card(
            number,
            prediction,
            media_of(prediction, samples or {}),
            known.get(prediction.id, Events()),
            places,
            path.parent,
        )
        for number, prediction in enumerate(drawn, 1)
    )
    if not title:
        title = PurePath(predictions[0].id).name if len(predictions) == 1 else count(predictions, "clip")
    body = [
        f'<header><p class="mark">affekt</p><h1>{text(title)}</h1>{_lead(predictions, lead)}</header>',
        _tally(predictions, places) if len(predictions) > 1 else "",
        *cards,
        _rest(rest, places),
        _skipped(skipped),
        _footer(predictions),
    ]
    looked = any(prediction.segments is not None for prediction in predictions)
    policy = _NO_SECURITY_HOLE + (_PLAYS if looked else "")
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{text(title)}</title>\n<style>\n{(HERE / 'page.css').read_text()}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(part for part in body if part) + "\n</main>\n"
        f"<script>\n{(HERE / 'page.js').read_text()}</script>\n</body>\n</html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


def _names(prediction: Prediction) -> Iterator[str]:
    """Every label that it speaks of."""
    yield from prediction.scores
    yield from (segment.label for segment in prediction.segments or ())


def _lead(predictions: Sequence[Prediction], lead: str) -> str:
    """What the caller says, then how to read the drawings."""
    reading = "What the network answered, with the score of each label."
    if any(prediction.segments is not None for prediction in predictions):
        reading = (
            "Bars are segments that the network found, the stronger the surer; where several of one label "
            "overlap, the surest stands above the others. Lines are the score of each label over time, grey "
            "is the score that anything happens at all. Click or use the arrow keys to jump."
        )
    elif any(prediction.moments for prediction in predictions):
        reading = (
            "Marked stretches are where the network's attention was highest; its answer rests on them most. "
            "The lines show what each moment would be taken for if the whole clip were like it."
        )
    said = [part for part in lead.split("\n\n") if part.strip()]
    return "".join(f'<p class="lead">{text(part)}</p>' for part in [*said, reading])


def _tally(predictions: Sequence[Prediction], places: Places) -> str:
    """How often each label was answered."""
    counts = Counter(prediction.label for prediction in predictions)
    ranked = sorted(counts, key=lambda name: (-counts[name], places[name]))
    parts = "".join(f'<i style="{color_of(name, places)}; --share: {counts[name]}"></i>' for name in ranked)
    names = "".join(f"<li>{tag(name, places)}<b>{counts[name]}</b></li>" for name in ranked)
    return f'<div class="tally"><div class="stack" aria-hidden="true">{parts}</div><ul>{names}</ul></div>'


def _rest(predictions: Sequence[Prediction], places: Places) -> str:
    """The clips that are not drawn."""
    if not predictions:
        return ""
    rows = "".join(
        f'<tr><td class="text wide">{text(p.id)}</td><td class="text">{tag(p.label, places)}</td>'
        f'<td>{percent(p.confidence)}</td><td class="text">{text(when(p))}</td>'
        f'<td class="text wide">{text("; ".join(p.notes))}</td></tr>'
        for p in predictions
    )
    head = (
        '<th class="text">clip</th><th class="text">answer</th><th>confidence</th>'
        '<th class="text">shows at</th><th class="text">notes</th>'
    )
    return (
        f"<section><h2>{count(predictions, 'more clip')}</h2>"
        f'<div class="scroll" tabindex="0"><table class="numbers"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    rows = "".join(
        f'<tr><td class="text wide">{text(item.id)}</td><td class="text wide">{text(item.reason)}</td></tr>'
        for item in skipped
    )
    return (
        f"<section><h2>Not answered: {len(skipped)}</h2>"
        '<div class="scroll" tabindex="0"><table class="numbers"><thead><tr><th class="text">input</th>'
        f'<th class="text">reason</th></tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _footer(predictions: Sequence[Prediction]) -> str:
    sources = dict.fromkeys(prediction.provenance for prediction in predictions)
    lines = "".join(
        f'<p class="source">{text(source.method)}, bundle version {text(source.bundle_version)}, weights '
        f"{text(source.weights_sha256)} (SHA-256)</p>"
        for source in sources
    )
    return (
        "<footer><p>Networks predict what observers would say of a recording, not what a person feels. Read "
        f"the limits on the method's card before you use an answer.</p>{lines}</footer>"
    )
