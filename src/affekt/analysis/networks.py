"""The networks of an analysis: which one answers for faces, voices, words and whole clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from affekt.core.errors import MissingExtra, UsageError
from affekt.core.timeline.parts import Modality, Network
from affekt.deploy.load import is_bundle, load
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.runs.names import find_run
from affekt.media.faces.crop import TakesFaces
from affekt.starters import list_starters

_ROLES: dict[str, Modality] = {"audio": "voice", "text": "words", "skeleton": "gait"}
STARTERS: dict[Modality, str] = {
    "face": "compact_face",
    "voice": "compact_voice",
    "words": "compact_text",
}
_SEVERAL = ("clip",)  # roles that more than one network may have


@dataclass(frozen=True)
class Networks:
    """The networks by role.

    Attributes:
        by_role: One network for faces, voices, words and gait; any number for whole clips.
        starters: Names of those that were not given, but come with the package.
        without: Why a role has no network, where its starter cannot be used.
    """

    by_role: dict[Modality, tuple[Predictor, ...]] = field(default_factory=dict)
    starters: tuple[str, ...] = ()
    without: dict[Modality, str] = field(default_factory=dict)

    def one(self, role: Modality) -> Predictor | None:
        """The network of a role that one network has."""
        return next(iter(self.by_role.get(role, ())), None)

    def facts(self) -> dict[int, Network]:
        """What a timeline states of each network, by `id` of its predictor; names are made unique."""
        found: dict[int, Network] = {}
        for role, predictors in self.by_role.items():
            for predictor in predictors:
                method = predictor.provenance.method
                same = sum(network.method == method for network in found.values())
                found[id(predictor)] = _facts(predictor, role, f"{method}-{same + 1}" if same else method)
        return found


def open_networks(
    given: Iterable[Path | str | Predictor],
    modalities: Sequence[Modality],
    opened: Callable[[Path | str], Predictor],
) -> Networks:
    """The given networks, and starters for the roles that none of them has.

    Args:
        given: Bundles, runs, names of starters, or predictors.
        modalities: Roles that are wanted; networks of other roles are refused, their starters not used.
        opened: Opens a bundle or a run.

    Raises:
        UsageError: Two networks have a role that only one can have, or a network fits none.
        FolderError: A bundle is incomplete or altered.
    """
    by_role: dict[Modality, tuple[Predictor, ...]] = {}
    for one in given:
        predictor = one if isinstance(one, Predictor) else opened(one)
        role = role_of(predictor)
        if role not in modalities:
            raise UsageError(
                f"{predictor!r} answers for {role}, which is not asked for: add it to modalities"
            )
        if role in by_role and role not in _SEVERAL:
            raise UsageError(
                f"two networks answer for {role}, {by_role[role][0].provenance.method} and "
                f"{predictor.provenance.method}: give one"
            )
        by_role[role] = (*by_role.get(role, ()), predictor)
    used: list[str] = []
    without: dict[Modality, str] = {}
    there = {starter.name: starter.path for starter in list_starters()}
    for role, name in STARTERS.items():
        if role not in modalities or role in by_role:
            continue
        try:
            by_role[role] = (opened(there[name]),)
            used.append(name)
        except MissingExtra as error:  # the other modalities need it not
            without[role] = str(error)
    return Networks(by_role, tuple(used), without)


def open_network(path: Path | str, *, threads: int | None = None) -> Predictor:
    """A network from a bundle, a run, a checkpoint, or by the name of a starter.

    Bundles are computed by ONNX Runtime: the same medium has the same answers, and not those of the engine
    that happens to be the faster one today. Those that were opened last are kept, for the next medium.

    Raises:
        FolderError: It is incomplete or altered.
        UsageError: It does not exist.
    """
    return _opened(str(find_run(path)), threads)


@lru_cache(maxsize=8)
def _opened(path: str, threads: int | None) -> Predictor:
    return load(path, backend="onnxruntime" if is_bundle(Path(path)) else None, threads=threads)


def role_of(predictor: Predictor) -> Modality:
    """What a network answers for.

    Raises:
        UsageError: It takes pictures, and does not state how faces are cut.
    """
    modality = predictor.modality
    if modality == "image":
        if isinstance(predictor.preprocess, TakesFaces):
            return "face"
        raise UsageError(
            f"{predictor!r} takes pictures, and does not state how faces are cut (`face_crop` of its "
            "preprocessing): use affekt predict"
        )
    return _ROLES.get(modality, "clip")


def _facts(predictor: Predictor, role: Modality, name: str) -> Network:
    document = predictor.document
    return Network(
        name=name,
        method=predictor.provenance.method,
        modality=role,
        labels=predictor.labels.names,
        weights_sha256=predictor.provenance.weights_sha256,
        bundle=predictor.provenance.bundle_version,
        engine=predictor.backend,
        licence=_text(document.get("data_licence")),
        limits=_text(document.get("limits")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
