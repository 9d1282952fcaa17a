"""What the folder of a trained network states."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core import catalog
from affekt.core.claims.network import EncoderDocument, config_of, read_document
from affekt.core.errors import ConfigError, UsageError
from affekt.core.files.sealed import MANIFEST, Sealed, read_sealed
from affekt.encoders.trained.settings import TrainedEncoderSettings

_BEST = Path("checkpoints", "best")  # of a run
_MODEL_FILE, _TRAINER = "model.safetensors", "trainer."


def resolved(settings: TrainedEncoderSettings, *, modality: str) -> TrainedEncoderSettings:
    """Settings with all that the folder states.

    Args:
        modality: What the encoder reads: `audio` or `video`.

    Raises:
        ConfigError: The network is no encoder of this modality.
        FolderError: The checkpoint is incomplete or was altered.
        UsageError: There is no such run or checkpoint.
    """
    if settings.is_resolved:
        return settings
    sealed = open_checkpoint(settings.source)
    document = read_document(EncoderDocument, sealed.document, sealed.path)
    config = config_of(document, sealed.path)
    method = catalog.method(document.method)
    if problems := _problems(method, config, modality):
        raise ConfigError(f"config of the encoder {settings.source}", problems)
    return settings.model_copy(
        update={
            "method": method.name,
            "config": config.model_dump(mode="json"),
            "state": document.preprocessing,
            "width": method.load("model").vector_width(config),
            "weights_sha256": sealed.sha256,
        }
    )


def open_checkpoint(source: str) -> Sealed:
    """The checkpoint of a folder, or the best one of a run.

    Raises:
        FolderError: It is incomplete or was altered.
        UsageError: There is none.
    """
    folder = Path(source).expanduser()
    found = next((one for one in (folder, folder / _BEST) if (one / MANIFEST).is_file()), None)
    if found is None:
        raise UsageError(f"encoder {source!r} is neither the folder of a run nor of a checkpoint of affekt")
    return read_sealed(found, kind="checkpoint")


def weight_files(sealed: Sealed) -> dict[str, str]:
    """Files of the network's weights, and what stands before the names in them.

    A file of a part of the network, such as `frozen/backbone.safetensors`, leaves its name out.
    """
    names = [one for one in sealed.files if one.endswith(".safetensors") and not one.startswith(_TRAINER)]
    return {
        one: "" if one == _MODEL_FILE else PurePosixPath(one).name.removesuffix("safetensors")
        for one in names
    }


def _problems(method: Any, config: Any, modality: str) -> list[str]:
    if method.takes_assets:
        return [f"{method.name} reads words; encoders of sound and picture are set here"]
    inputs = method.make_preprocess(config).spec.inputs
    if len(inputs) > 1:
        names = ", ".join(one.name for one in inputs)
        return [f"{method.name} reads {names}: an encoder of {modality} reads one input (config.streams)"]
    if not hasattr(method.load("model"), "vector"):
        return [f"the network of {method.name} gives no vector (`vector` and `vector_width` of its class)"]
    read = inputs[0].modality or "+".join(method.card.modalities)
    if modality not in read and not (modality == "video" and "image" in read):
        return [f"{method.name} reads {read}, not {modality}"]
    return []
