"""The stages of an analysis, cheap ones first: they say soonest what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from affekt.analysis.clips import find_clip
from affekt.analysis.faces import find_faces
from affekt.analysis.faces.picture import find_in_picture
from affekt.analysis.found import Found, OnProgress, OpenMedium
from affekt.analysis.networks import Networks
from affekt.analysis.settings import AnalysisSettings
from affekt.analysis.stored import StoredStages
from affekt.analysis.voices import find_voices
from affekt.analysis.words import find_words
from affekt.core.errors import AffektError
from affekt.core.timeline.parts import Missing, Modality
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.speech import Recognizer

WORDS, VOICES, FACES = "words", "voices", "faces"
WHOLE: tuple[Modality, ...] = ("clip", "gait")

# Called with the name of a stage, the seconds that are done, and those of the whole medium.
OnStage = Callable[[str, float, float], None]


class Stage(NamedTuple):
    """A stage: for its modality, under its name, what it does with what earlier stages found."""

    name: str
    modality: Modality
    find: Callable[[Mapping[str, Found]], Found]

    def tried(self, found: Mapping[str, Found], stored: StoredStages) -> Found:
        """What it finds, or found before. One that fails leaves the others, and is tried again on resume."""
        try:
            return stored.found(self.name, lambda: self.find(found))
        except AffektError as error:
            return Found(missing=(Missing(modality=self.modality, reason=str(error)),))


class Given(NamedTuple):
    """What all stages are given.

    Attributes:
        subtitles: The words with their times; None: looked for.
    """

    medium: OpenMedium
    networks: Networks
    settings: AnalysisSettings
    subtitles: Path | None
    recognizer: Recognizer | None
    on_stage: OnStage

    def progress(self, stage: str) -> OnProgress:
        """Reports the progress of a stage."""
        return lambda done_s: self.on_stage(stage, done_s, self.medium.medium.duration_s)


def stages_of(given: Given) -> list[Stage]:
    """The stages that have a network; of a photo in which faces are sought, not those of words and voices."""
    networks = given.networks
    stages: list[Stage] = []
    is_silent = given.medium.picture is not None and networks.one("face") is not None
    if (network := networks.one("words")) and not is_silent:
        stages.append(Stage(WORDS, "words", partial(_words, given, network)))
    if (network := networks.one("voice")) and not is_silent:
        stages.append(Stage(VOICES, "voice", partial(_voices, given, network)))
    if network := networks.one("face"):
        stages.append(Stage(FACES, "face", partial(_faces, given, network)))
    names = {key: network.name for key, network in networks.facts().items()}
    for role in WHOLE:
        for network in networks.by_role.get(role, ()):
            name = names[id(network)]
            stages.append(Stage(f"{role}-{name}", role, partial(_whole, given, network, name, role)))
    return stages


def _words(given: Given, network: Predictor, found: Mapping[str, Found]) -> Found:
    return find_words(
        given.medium,
        network,
        given.settings.words,
        subtitles=given.medium.path if given.medium.lines else given.subtitles,
        recognizer=given.recognizer,
        on_progress=given.progress(WORDS),
    )


def _voices(given: Given, network: Predictor, found: Mapping[str, Found]) -> Found:
    return find_voices(
        given.medium,
        network,
        given.settings.voices,
        lines=found[WORDS].words if WORDS in found else (),
        on_progress=given.progress(VOICES),
    )


def _faces(given: Given, network: Predictor, found: Mapping[str, Found]) -> Found:
    if given.medium.picture is not None:
        return find_in_picture(given.medium, network, given.settings.faces)
    return find_faces(given.medium, network, given.settings.faces, on_progress=given.progress(FACES))


def _whole(
    given: Given, network: Predictor, name: str, modality: Modality, found: Mapping[str, Found]
) -> Found:
    return find_clip(given.medium, network, name=name, modality=modality)
