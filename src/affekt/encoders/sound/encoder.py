"""A pretrained encoder of sound: a waveform or a spectrogram to one vector for each row."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from affekt.core.errors import require
from affekt.encoders.pooling import pool
from affekt.encoders.pretrained import PretrainedEncoder, make_backbone, make_config
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.sound.waves import wave_states
from affekt.encoders.sound.wavlm import write_out_attention

# Masking of states and left-out layers are drawn at random in training, where runs could not be repeated;
# adapters after the network belong to a task of speech.
_WITHOUT = {
    "mask_time_prob": 0.0,
    "mask_feature_prob": 0.0,
    "apply_spec_augment": False,
    "layerdrop": 0.0,
    "encoder_layerdrop": 0.0,
    "add_adapter": False,
}

# A source of Whisper holds its decoder, too.
_ENCODER_ALONE = {r"^(?:model\.)?encoder\.(?=conv|embed|layers|layer_norm)": ""}


class SoundEncoder(PretrainedEncoder):
    """A network of `transformers` without its heads, and pooling over the positions that hold sound.

    An answer does not depend on the other rows of a batch. Whisper attends to the silence after a sound, as
    in its training: its window is always whole, so that this does not depend on other rows either.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.
    """

    def __init__(self, settings: SoundEncoderSettings) -> None:
        super().__init__(settings, _make(settings))
        if not settings.reads_waves:
            self.key_mapping = _ENCODER_ALONE

    @property
    def width(self) -> int:
        """Size of the vector."""
        return self.settings.width

    def forward(self, values: Float[Tensor, "b *axes"], is_real: Bool[Tensor, "b m"]) -> Float[Tensor, "b e"]:
        """The pooled states of the positions that hold sound; a row without any counts as one position long.

        Args:
            values: Waveforms (b, n), padded at the end, or spectrograms (b, mels, frames).
            is_real: Samples of a waveform, or positions of a spectrogram, that hold sound.
        """
        every = self.settings.layers == "all"
        states, is_place = self._states(values, is_real, every=every)
        return torch.cat(
            [
                pool(one, is_token=is_place, is_own=is_place, is_mask=is_place, pooling=self.settings.pooling)
                for one in (states if every else states[-1:])
            ],
            dim=1,
        )

    def simplify(self) -> None:
        """Write attention out; that of WavLM is."""
        if self.settings.architecture["model_type"] != "wavlm":
            super().simplify()

    def _states(
        self, values: Tensor, is_real: Tensor, *, every: bool
    ) -> tuple[list[Tensor], Bool[Tensor, "b t"]]:
        if self.settings.reads_waves:
            return wave_states(self.backbone, self.settings, values, is_real)
        output = self.backbone(values, output_hidden_states=every)
        states = list(output.hidden_states) if every else [output.last_hidden_state]
        # The first position always counts.
        return states, torch.cat([torch.ones_like(is_real[:, :1]), is_real[:, 1:]], dim=1)


def _make(settings: SoundEncoderSettings) -> Any:
    stated = settings.architecture
    architecture = {**stated, **{name: value for name, value in _WITHOUT.items() if name in _known(stated)}}
    if not settings.reads_waves:
        whisper = require(
            "transformers.models.whisper.modeling_whisper", extra="encoders", needed_by="a Whisper encoder"
        )
        return make_backbone(architecture, whisper.WhisperEncoder)
    backbone: Any = make_backbone(architecture)
    if stated["model_type"] == "wavlm":
        write_out_attention(backbone)
    return backbone


def _known(architecture: dict[str, Any]) -> set[str]:
    """Fields that the config of this family has."""
    return set(make_config(architecture).to_dict())
