"""Steps over items that a project asks for, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.project.checking.step import CheckStep
from affekt.project.encoding.step import EncodeStep
from affekt.project.folder import Project
from affekt.project.steps import Step
from affekt.project.tracks.step import track_steps
from affekt.project.words.recognition import RecognitionStep
from affekt.project.words.subtitles import SubtitleStep


def asks_for_tracks(project: Project) -> bool:
    """Whether faces are encoded, or `[tracks]` is stated."""
    settings = project.settings
    return settings.encoding.faces is not None or "tracks" in settings.model_fields_set


def asks_for_recognition(project: Project) -> bool:
    """Whether recognised words are stated as a choice: `[words] tracks` names them."""
    words = project.settings.words
    return "tracks" in words.model_fields_set and "recognized" in words.tracks


def item_steps(project: Project) -> Iterator[Step]:
    """Steps in order; each is made when it is asked for, since a detector may have to be read.

    Raises:
        AffektError: Something that a step needs is missing.
    """
    yield CheckStep()
    if asks_for_tracks(project):
        yield from track_steps(project)
    yield SubtitleStep()
    if asks_for_recognition(project):
        yield RecognitionStep(project)
    if project.settings.encoding.named:
        yield EncodeStep(project)
