"""`project.toml`: what is collected, and what each step does with it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from affekt.core.errors import AffektError, ConfigError
from affekt.core.files.toml import read_toml
from affekt.core.labels import LabelSet, label_set
from affekt.core.settings import Settings, validate
from affekt.project.settings.checking import CheckSettings
from affekt.project.settings.encoding import EncodingSettings
from affekt.project.settings.ratings import RatingSettings
from affekt.project.settings.records import MediaSettings, RecordSettings
from affekt.project.settings.tracks import TrackSettings
from affekt.project.settings.versions import PartitionSettings, ReleaseSettings
from affekt.project.settings.words import SoundSettings, WordSettings

FILE = "project.toml"


class ProjectSettings(Settings):
    """A project; a table of the file for each step.

    Attributes:
        title: What is collected.
        labels: A label set by name, such as `plutchik-wheel-8`, or the names of the labels in order.
        label_names: Other spellings of labels in records and ratings, such as `信任 = "trust"`.
    """

    title: str = ""
    labels: str | tuple[str, ...]
    label_names: dict[str, str] = Field(default_factory=dict)
    records: RecordSettings = RecordSettings()
    media: MediaSettings = MediaSettings()
    check: CheckSettings = CheckSettings()
    tracks: TrackSettings = TrackSettings()
    sound: SoundSettings = SoundSettings()
    words: WordSettings = WordSettings()
    encoding: EncodingSettings = EncodingSettings()
    ratings: RatingSettings = RatingSettings()
    split: PartitionSettings = PartitionSettings()
    release: ReleaseSettings = ReleaseSettings()

    @field_validator("labels")
    @classmethod
    def _known(cls, labels: str | tuple[str, ...]) -> str | tuple[str, ...]:
        try:
            label_set(labels) if isinstance(labels, str) else LabelSet.of(*labels)
        except AffektError as error:
            raise ValueError(str(error)) from None
        return labels

    @property
    def label_set(self) -> LabelSet:
        """The labels of the project."""
        return label_set(self.labels) if isinstance(self.labels, str) else LabelSet.of(*self.labels)

    def label_of(self, text: str) -> str | None:
        """The label that a text names, in any case or as another spelling; None if there is none."""
        names = {name.casefold(): name for name in self.label_set.names}
        names |= {other.casefold(): name for other, name in self.label_names.items()}
        return names.get(text.strip().casefold())


def read_settings(path: Path) -> ProjectSettings:
    """The settings of a project.

    Raises:
        ConfigError: The file cannot be read, or has problems; all are listed.
    """
    settings, problems = validate(ProjectSettings, read_toml(path))
    if settings is not None:
        known = settings.label_set.names
        problems = [
            f"label_names.{other} = {name!r}: not one of {', '.join(known)}"
            for other, name in settings.label_names.items()
            if name not in known
        ]
    if settings is None or problems:
        raise ConfigError(str(path), problems)
    return settings
