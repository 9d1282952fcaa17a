"""Check one medium: decode it once, keep its facts, its prints and a strip of its frames."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample, Skipped
from affekt.media.image import read_image, resize
from affekt.media.text import read_lines
from affekt.project.findings import Finding
from affekt.project.media import Medium
from affekt.quality.clip_checks import QUIET_DBFS, ClipFacts, read_clip
from affekt.quality.duplicate_clips import ClipPrint
from affekt.quality.duplicate_sounds import SoundPrint

_STRIP = (0, 2, 4, 7)  # of the eight frames that are compared
_STRIP_HEIGHT, _STRIP_WIDTH, _QUALITY = 64, 140, 75  # pixels of a frame at most; quality of JPEG


@dataclass
class MediumCheck:
    """What is known of a medium that was read.

    Attributes:
        facts: Plain JSON values.
        strip: JPEG of frames beside each other.
    """

    medium: Medium
    facts: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    strip: bytes | None = None
    film: ClipPrint | None = None
    sound: SoundPrint | None = None


def check_medium(medium: Medium, file: Path, *, encoding: str | None = None) -> MediumCheck:
    """Read a medium, whatever its state: what is wrong becomes findings.

    Args:
        encoding: Of subtitles; found from the bytes if not given.
    """
    check = MediumCheck(medium)
    if medium.kind == "subtitle":
        _read_subtitles(file, check, encoding)
    elif medium.kind == "image":
        _read_image(file, check)
    else:
        _read_clip(file, check)
    return check


def _read_clip(file: Path, check: MediumCheck) -> None:
    kind = check.medium.kind
    facts = read_clip(Sample(check.medium.item, {kind: file}), keep_frames=True)
    # What makes the picture of a file unreadable makes its sound unreadable too.
    check.findings += [_finding(check, "unreadable", reason) for reason in facts.reasons[:1]]
    check.findings += [_finding(check, "damaged", note) for note in dict.fromkeys(facts.notes)]
    if facts.frames is not None:
        check.strip = _strip(facts.frames[list(_STRIP)])
    check.film, check.sound = facts.video_print, facts.sound_print
    check.facts = {
        "codecs": facts.codecs,
        "duration_s": None if facts.duration_s is None else round(facts.duration_s, 3),
        "sound_s": None if facts.sound_s is None else round(facts.sound_s, 3),
        "width": facts.size[0] if facts.size else None,
        "height": facts.size[1] if facts.size else None,
        "rate_hz": facts.rate_hz,
        "sound_rate_hz": facts.sound_rate_hz,
    }
    check.findings += [_finding(check, code, text) for code, text in _faults(facts)]


def _faults(facts: ClipFacts) -> list[tuple[str, str]]:
    return [
        (code, text)
        for applies, code, text in (
            (facts.lacks_sound, "no_sound", "it has no sound track"),
            (facts.is_silent, "silent", f"its sound is below {QUIET_DBFS:.0f} dBFS on average"),
            (facts.is_black, "black", "the picture is black throughout"),
            (facts.is_frozen, "frozen", "it shows one still frame throughout"),
            (
                facts.is_apart,
                "apart",
                f"{facts.duration_s or 0:.1f} s of picture, {facts.sound_s or 0:.1f} s of sound",
            ),
        )
        if applies
    ]


def _read_image(file: Path, check: MediumCheck) -> None:
    try:
        with collect_notes() as notes:
            pixels = read_image(file)
    except MediaError as error:
        check.findings.append(_finding(check, "unreadable", str(error)))
        return
    check.facts = {"width": pixels.shape[1], "height": pixels.shape[0]}
    check.findings += [_finding(check, "damaged", note) for note in notes]
    check.strip = _strip(pixels[None])


def _read_subtitles(file: Path, check: MediumCheck, encoding: str | None) -> None:
    cues, skipped, last_s = 0, 0, None
    try:
        for line in read_lines(file, encoding=encoding):
            # A skipped cue with a kind is usual: one without words, or of sounds.
            if isinstance(line, Skipped):
                skipped += not line.kind
                continue
            cues += 1
            last_s = line.span_s[0] if line.span_s else last_s
    except MediaError as error:
        check.findings.append(_finding(check, "unreadable", str(error)))
        return
    check.facts = {"cues": cues, "last_cue_s": last_s}
    if skipped:
        check.findings.append(
            _finding(check, "damaged", f"{skipped} of {cues + skipped} cues cannot be read")
        )


def _finding(check: MediumCheck, code: str, text: str) -> Finding:
    level = "error" if code == "unreadable" else "note" if code == "no_sound" else "warning"
    return Finding(code, level, f"{check.medium.label}: {text}")


def _strip(frames: np.ndarray) -> bytes:
    """A JPEG of frames (n, h, w, 3) beside each other."""
    height, width = frames.shape[1:3]
    scale = min(1.0, _STRIP_HEIGHT / height, _STRIP_WIDTH / width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = [frame if frame.shape[:2] == size else resize(frame, *size) for frame in frames]
    stream = io.BytesIO()
    Image.fromarray(np.concatenate(small, axis=1)).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
