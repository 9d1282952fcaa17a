"""The samples of an evaluation, and how many of them the network was trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from affekt.core.dataset import Corpus
from affekt.core.errors import UsageError
from affekt.core.recipe import DataSettings, SplitSettings, options_from
from affekt.core.sample import Sample
from affekt.core.settings import validate
from affekt.core.wording import are, counted
from affekt.data.store.index import is_prepared
from affekt.deploy.trained_on import TrainedOn
from affekt.engine.runs.identity import corpus_hash, identify, kept_parts, keys_by_id
from affekt.engine.runs.run import evaluation_folder
from affekt.engine.splits import PARTS, PartError, Parts, describe_splits, part, select, split_name

OWN_SHARE = 0.5  # of the samples known from training: from this share on, data are the training data, changed


@dataclass(frozen=True)
class EvaluatedOn:
    """The data of an evaluation.

    Attributes:
        data: The data set.
        root: Its folder; empty if it needs none.
        fingerprint: SHA-256 of the whole data set as read: ids, annotations, subjects and media.
        split: The part, or `all`.
        samples: How many were scored.
        trained_on: How many of them are in the training part of the network, with any name or path; None if
            the network does not state what it was trained on.
        validated_on: How many of them were used to select its epoch.
        options: Overrides of the data's options and of the split.
        unfinished: Epoch of a run whose training did not finish, as in `epoch 3 of 30`; else empty.
        notes: Further limitations of the scores.
    """

    data: str
    root: str
    fingerprint: str
    split: str
    samples: int = 0
    trained_on: int | None = None
    validated_on: int | None = None
    options: tuple[str, ...] = ()
    unfinished: str = ""
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the warnings."""
        return {
            **asdict(self),
            "options": list(self.options),
            "notes": list(self.notes),
            "warnings": self.warnings,
        }

    @property
    def warnings(self) -> list[str]:
        """Limitations of the scores, one sentence each."""
        found: list[str] = []
        if self.trained_on:
            found.append(
                f"{self.trained_on} of {counted(self.samples, 'sample')} were trained on: these scores do "
                "not hold for "
                "new data"
            )
        if self.validated_on:
            found.append(
                f"{self.validated_on} of {counted(self.samples, 'sample')} were used to select the epoch: "
                "scores on them are higher than on new data"
            )
        if self.trained_on is None:
            found.append("what the network was trained on is not stated: training samples cannot be counted")
        if self.unfinished:
            found.append(f"the run is unfinished: {self.unfinished}")
        return [*found, *self.notes]


@dataclass(frozen=True)
class Given:
    """Samples that other networks have in the part.

    Attributes:
        items: Their ids.
        by: The networks, in words.
    """

    items: frozenset[str]
    by: str

    @classmethod
    def of(cls, networks: Mapping[Path, frozenset[str]]) -> Given:
        """The samples of networks, which are those of all folds of a cross-validation together."""
        first, more = next(iter(networks)), len(networks) - 1
        return cls(frozenset().union(*networks.values()), f"{first}{f' and {more} more' if more else ''}")


@dataclass(frozen=True)
class Selection:
    """Samples to be scored.

    Attributes:
        folder: Of their evaluation, relative to the folder of all evaluations.
        is_own: Whether the part is one that the network had in training, and not one of other data.
    """

    samples: list[Sample]
    on: EvaluatedOn
    folder: str
    is_own: bool = False
    _known: Mapping[str, str | None] = field(default_factory=dict)
    _chosen_on: str = "validation"

    def counted(self, skipped: Sequence[str]) -> dict[str, Any]:
        """Number of scored samples, and of those seen in training: fields of `EvaluatedOn`."""
        used = [sample.id for sample in self.samples if sample.id not in set(skipped)]
        if self.on.trained_on is None:
            return {"samples": len(used)}
        parts = [self._known.get(name) for name in used]
        return {
            "samples": len(used),
            "trained_on": parts.count("train"),
            "validated_on": parts.count(self._chosen_on),
        }


def changed_settings(
    data: DataSettings, splitting: SplitSettings, overrides: Sequence[str]
) -> tuple[DataSettings, SplitSettings]:
    """Settings with overrides such as `data.options.labels=[...]` and `split.fold=1`.

    Raises:
        UsageError: An override concerns something else, or is not valid.
    """
    values = options_from(overrides)
    options = values.pop("data", {})
    more = values.pop("split", {})
    if (
        values
        or not isinstance(options, Mapping)
        or set(options) - {"options"}
        or not isinstance(more, Mapping)
    ):
        raise UsageError(
            f"--set {' '.join(overrides)}: an evaluation takes data.options.NAME=... and split.NAME=...; "
            "choose the data set with --data"
        )
    changed = data.model_copy(update={"options": {**data.options, **options.get("options", {})}})
    found, problems = validate(SplitSettings, {**splitting.model_dump(), **more}, prefix="split.")
    if found is None:
        raise UsageError("--set: " + "; ".join(problems))
    return changed, found


def choose(
    corpus: Corpus,
    data: DataSettings,
    splitting: SplitSettings,
    split: str,
    *,
    root: Path | None,
    trained: TrainedOn | None,
    overrides: Sequence[str] = (),
    is_own: bool = True,
    given: Given | None = None,
) -> Selection:
    """The samples of a part.

    On the data that a run was trained on, a part has the samples that it had in training, even if files were
    removed since. Other data are never split: only the parts that they state can be scored, or all of them.

    Args:
        trained: What the network was trained on, if it states that.
        is_own: Whether the data set has the name of the data set of the training.
        given: Samples to take in place of a part that the network knows.

    Raises:
        PartError: There is no such part.
    """
    labelled = corpus.usable
    name, keys = split_name(split, labelled), keys_by_id(labelled)
    sha256 = corpus_hash(corpus, labelled, keys)
    prepared = root is not None and is_prepared(root)
    known: dict[str, str | None] = {}
    if trained:
        known = {it.id: trained.part_of(it, keys[it.id], data.name, prepared=prepared) for it in labelled}
    is_asked = any(text.strip().startswith("split") for text in overrides)
    notes: list[str] = []
    if given is not None:
        samples = [it for it in labelled if it.id in given.items]
        notes, is_own = [f"the {name} part is that of {given.by}"], False
    elif trained is None or is_asked or name == "all":
        samples = select(corpus.usable, splitting, name)
    elif is_own and sha256 == trained.document["sha256"]:
        samples = _own_part(corpus, labelled, keys, splitting, name, trained, known)
    else:
        from_training = [it for it in labelled if known[it.id]]
        if is_own and len(from_training) >= OWN_SHARE * len(labelled):
            stated = trained.document["parts"].get(name, {}).get("samples", 0)
            samples, notes = _changed_part(labelled, splitting, name, known, stated)
        else:
            is_own = False
            samples = [it for it in labelled if it.split == name]
        if not samples:
            raise PartError(
                f"{root or data.name} holds other data than the network was trained on, and other data are "
                f"not split; it has: {describe_splits(labelled)}. --split all scores all of it"
            )
    if not samples:
        raise PartError(
            f"{data.name} has no {name} part; it has: {describe_splits(labelled)}. --split validation scores "
            "the samples that selected the epoch, --split all scores all of them"
        )
    on = EvaluatedOn(
        data.name,
        str(root.resolve()) if root else "",
        sha256,
        name,
        trained_on=None if trained is None else 0,
        options=tuple(overrides),
        notes=tuple(notes),
    )
    place = name if name.replace("-", "").replace("_", "").isalnum() else _digest(name)
    if is_asked:  # of another split: a folder apart from that of the run's split
        place += f"--{_digest(json.dumps(splitting.model_dump(mode='json'), sort_keys=True))}"
    if given is not None:
        place += f"--{_digest(json.dumps(sorted(given.items)))}"
    folder = f"{evaluation_folder(data.name, sha256)}/{place}"
    chosen_on = trained.document["chosen_on"] if trained else "validation"
    return Selection(samples, on, folder, is_own, known, chosen_on)


def _own_part(
    corpus: Corpus,
    labelled: list[Sample],
    keys: Mapping[str, str],
    splitting: SplitSettings,
    name: str,
    trained: TrainedOn,
    known: Mapping[str, str | None],
) -> list[Sample]:
    """A part of exactly the data that a network was trained on."""
    if name not in PARTS:
        return [it for it in labelled if it.split == name]
    if trained.identity is not None:
        parts = kept_parts(trained.identity, labelled, keys, native=splitting.scheme == "native")
        return getattr(parts, name)
    parts = part(corpus.usable, splitting)
    if _is_split_of(trained, corpus, parts, keys):
        return getattr(parts, name)
    return [it for it in labelled if known[it.id] == name]


def _is_split_of(trained: TrainedOn, corpus: Corpus, parts: Parts, keys: Mapping[str, str]) -> bool:
    """Whether the parts are those of the training; they differ if a run has accepted other data."""
    found = identify(trained.document["data"], None, corpus, parts, keys).document()["parts"]
    return found == trained.document["parts"]


def _changed_part(
    labelled: list[Sample], splitting: SplitSettings, name: str, known: Mapping[str, str | None], before: int
) -> tuple[list[Sample], list[str]]:
    """A part of changed training data: known samples by their part in training, new ones by what is stated.

    Args:
        before: How many samples the part had.
    """
    states = splitting.scheme == "native"
    samples = [it for it in labelled if (known[it.id] or (it.split if states else None)) == name]
    new = [it for it in labelled if known[it.id] is None]
    left = sum(not (states and it.split) for it in new)
    notes: list[str] = []
    gone = before - sum(found == name for found in known.values())
    if gone > 0:
        notes.append(
            f"{gone} of {counted(before, 'sample')} of the {name} part {are(gone)} gone since the training"
        )
    if new:
        rest = f"; {left} of them belong to no part and are left out" if left else ""
        notes.append(
            f"{len(new)} of {counted(len(labelled), 'sample')} of the data {are(len(new))} new since the "
            f"training{rest}"
        )
    return samples, notes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
