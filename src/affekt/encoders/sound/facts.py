"""What the source of an encoder of sound states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.core.errors import ConfigError, FolderError
from affekt.encoders.sound.settings import SPECTROGRAMS, WAVES, SoundEncoderSettings, SoundInput
from affekt.encoders.source import find_source

_WAVES_NEED = ("conv_kernel", "conv_stride", "feat_extract_norm")
_SPECTROGRAMS_NEED = ("d_model", "encoder_layers", "max_source_positions", "num_mel_bins")


def resolved(settings: SoundEncoderSettings) -> SoundEncoderSettings:
    """Settings with all that the source states: architecture, what it reads, hash of the weights.

    Raises:
        ConfigError: An architecture for random weights lacks sizes.
        FolderError: The source is no encoder of sound, or a file of it cannot be read.
        UsageError: There is no such source.
    """
    if not settings.source:
        try:
            return settings.model_copy(update={"architecture": _sizes(settings.architecture, "architecture")})
        except FolderError as error:
            raise ConfigError("config of the encoder of sound", [str(error)]) from None
    if settings.is_resolved:
        return settings
    source = find_source(settings.source)
    architecture = _sizes(source.config(), settings.source)
    facts = SoundInput.model_validate(_input(source.input_facts(), architecture))
    return settings.model_copy(
        update={"architecture": architecture, "input": facts, "weights_sha256": source.weights_sha256}
    )


def _sizes(architecture: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The architecture with sizes under the names that all families share.

    Raises:
        FolderError: It is of another family, or states no size.
    """
    kind = architecture.get("model_type")
    if kind not in (*WAVES, *SPECTROGRAMS):
        raise FolderError(
            f"{name} is a network of the type {kind!r}; encoders of sound are {', '.join(WAVES)} and "
            f"{', '.join(SPECTROGRAMS)}"
        )
    needed = (*_WAVES_NEED, "hidden_size", "num_hidden_layers") if kind in WAVES else _SPECTROGRAMS_NEED
    if lacking := [one for one in needed if architecture.get(one) is None]:
        raise FolderError(f"{name}: the config of {kind!r} states no {', '.join(lacking)}")
    if kind in WAVES:
        if architecture.get("conv_pos_batch_norm"):
            raise FolderError(
                f"{name} normalises its positions over the batch (conv_pos_batch_norm), so that an answer "
                "would depend on other clips: use another encoder"
            )
        return dict(architecture)
    return {
        **architecture,
        "hidden_size": architecture["d_model"],
        "num_hidden_layers": architecture["encoder_layers"],
    }


def _input(facts: Mapping[str, Any], architecture: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"rate_hz": facts.get("sampling_rate", 16000)}
    found["normalised"] = bool(facts.get("do_normalize", architecture["model_type"] in WAVES))
    if architecture["model_type"] in SPECTROGRAMS:
        found["mels"] = architecture["num_mel_bins"]
        found |= {
            ours: facts[name] for ours, name in (("fft", "n_fft"), ("hop", "hop_length")) if name in facts
        }
    return found
