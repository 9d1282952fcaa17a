"""`analyze`: from a medium to its timeline.

open -> words -> voices -> faces -> whole clips    stages, each stored when it is complete
     -> persons                                    which face, voice and name are one person
     -> fusion                                     one curve per person
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from affekt import __version__
from affekt.analysis.found import Found, OpenMedium
from affekt.analysis.fusion import fuse
from affekt.analysis.medium import open_medium
from affekt.analysis.networks import Networks, open_network, open_networks
from affekt.analysis.parts import get_parts, parts_here
from affekt.analysis.persons import join_persons
from affekt.analysis.settings import AnalysisSettings
from affekt.analysis.stages import FACES, VOICES, WHOLE, WORDS, Given, OnStage, stages_of
from affekt.analysis.stored import StoredStages
from affekt.core.errors import UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.settings import differing, suggest
from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import MODALITIES, Missing, Modality, Network, Track
from affekt.deploy.runtime.conversations import subtitles_of
from affekt.deploy.runtime.input_types import checked_path
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.speech import Recognizer

NO_NETWORK = "no network answers for it: give one as a model"
ASKED: tuple[Modality, ...] = tuple(name for name in MODALITIES if name != "fused")


def asked(given: str | Iterable[str]) -> tuple[Modality, ...]:
    """Modalities that can be asked for, by their names.

    Raises:
        UsageError: There is no such modality.
    """
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in ASKED:
            raise UsageError(f"no modality is called {name!r}; {suggest(name, list(ASKED))}")
    return tuple(name for name in ASKED if name in names)


def _quiet(stage: str, done_s: float, all_s: float) -> None:
    """No progress is shown."""


def analyze(
    source: Path | str,
    *,
    models: Path | str | Predictor | Iterable[Path | str | Predictor] = (),
    modalities: str | Sequence[str] = ASKED,
    subtitles: Path | str | None = None,
    recognize: bool | Recognizer | None = None,
    settings: AnalysisSettings | None = None,
    rate_hz: float | None = None,
    threads: int | None = None,
    fetch: bool = False,
    resume: bool = False,
    on_stage: OnStage = _quiet,
) -> Timeline:
    """Find the people in a medium, their faces, voices and words, and answer for each over time.

    Args:
        source: A photo, a clip or film, a folder of frames, a recording, or a file of words with times.
        models: Bundles, runs, predictors or names of starters. Starters answer for faces, voices and words
            where none of them does; networks of whole clips and of walks run only if they are given.
        modalities: What is looked for: `face`, `voice`, `words`, `clip`, `gait`.
        subtitles: The words with their times; those beside the film or within it if not given.
        recognize: Whether words are recognised where there are none: True, False, a recogniser, or None: if
            one is installed.
        rate_hz: Frames per second of a folder of frames.
        threads: Processor cores that a network may use.
        fetch: Open a connection for parts that are missing, such as the detector of faces.
        resume: Go on where an analysis of the same medium with the same settings was stopped.
        on_stage: Called as the stages advance.

    Returns:
        What was found. What gave no answer stands in `missing` with its reason.

    Raises:
        UsageError: The path does not exist, or the networks do not fit.
        AffektError: The medium cannot be read, or a part cannot be fetched.

    Example:
        >>> timeline = analyze("clip.mp4")  # doctest: +SKIP
        >>> timeline.filter(persons="P1", modalities="fused").to_frame()  # doctest: +SKIP
    """
    settings = _settings(settings or AnalysisSettings(), recognize)
    wanted = asked(modalities)
    words = checked_path(subtitles) if subtitles else None
    medium = open_medium(source, rate_hz=rate_hz)
    given = [models] if isinstance(models, Path | str | Predictor) else models
    networks = open_networks(given, wanted, partial(open_network, threads=threads))
    if fetch:
        get_parts(medium, networks, settings)
    recognizer = recognize if isinstance(recognize, Recognizer) else None
    stages = stages_of(Given(medium, networks, settings, words, recognizer, on_stage))
    stored = StoredStages(
        fingerprint(
            __version__,
            medium.path,
            words or subtitles_of(medium.path),
            rate_hz,
            sorted(network.bundle for network in networks.facts().values()),
            settings.model_dump(mode="json"),
            parts_here(),
            recognizer.name if recognizer else None,
        ),
        resume=resume,
    )
    found: dict[str, Found] = {}
    for stage in stages:
        found[stage.name] = stage.tried(found, stored)
    timeline = _timeline(medium, networks, found, settings, wanted)
    stored.remove()
    return timeline


def _settings(settings: AnalysisSettings, recognize: bool | Recognizer | None) -> AnalysisSettings:
    if not isinstance(recognize, bool):
        return settings
    words = settings.words.model_copy(update={"recognize": "yes" if recognize else "no"})
    return settings.model_copy(update={"words": words})


def _timeline(
    medium: OpenMedium,
    networks: Networks,
    found: dict[str, Found],
    settings: AnalysisSettings,
    modalities: Sequence[Modality],
) -> Timeline:
    nothing = Found()
    faces, voices, words = (found.get(name, nothing) for name in (FACES, VOICES, WORDS))
    persons, tracks, lines = join_persons(faces, voices, words)
    whole = [track for one in found.values() for track in one.tracks if track.modality in WHOLE]
    facts = networks.facts()
    named: dict[Modality, str] = {
        role: facts[id(of_role[0])].name for role, of_role in networks.by_role.items()
    }
    tracks = [_of_network(track, named) for track in (*tracks, *whole)]
    fused = fuse(tracks, list(facts.values()), settings.fusion)
    order = {person.id: place for place, person in enumerate(persons)}
    every = sorted(
        [*fused.tracks, *tracks],
        key=lambda track: (
            order.get(track.person, len(order)),
            track.modality != "fused",
            MODALITIES.index(track.modality),
        ),
    )
    return Timeline(
        affekt=__version__,
        medium=medium.medium,
        persons=persons,
        shots=faces.shots,
        tracks=tuple(every),
        other_faces=faces.other_faces,
        words=lines,
        networks=_noted(fused.networks, networks.starters),
        missing=(
            *_without_network(networks, modalities, is_picture=medium.picture is not None),
            *(it for one in found.values() for it in one.missing),
        ),
        notes=tuple(
            dict.fromkeys(
                [*medium.notes, *fused.notes, *(note for one in found.values() for note in one.notes)]
            )
        ),
        settings=differing(settings),
    )


def _of_network(track: Track, named: dict[Modality, str]) -> Track:
    """The track with the name of its network: stages of faces, voices and words do not know it."""
    return track if track.network else track.model_copy(update={"network": named[track.modality]})


def _noted(networks: Iterable[Network], starters: Sequence[str]) -> tuple[Network, ...]:
    note = "a starter, which comes with affekt: no other network was given for it"
    return tuple(
        network.model_copy(update={"notes": (*network.notes, note)})
        if network.method in starters
        else network
        for network in networks
    )


def _without_network(
    networks: Networks, modalities: Sequence[Modality], *, is_picture: bool
) -> list[Missing]:
    """Modalities that were asked for and have no network: those of persons; of a photo, faces."""
    wanted = ("face",) if is_picture else ("face", "voice", "words")
    return [
        Missing(modality=role, reason=networks.without.get(role, NO_NETWORK))
        for role in modalities
        if role in wanted and not networks.one(role)
    ]
