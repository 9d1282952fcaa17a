"""Networks that read the waveform: wav2vec 2.0, HuBERT, WavLM and data2vec-audio.

Their layers are those of `transformers`, called here one after the other, because padding would change an
answer there: the group norm of the base models averages over padding, and the positions of data2vec-audio
spread it into the sound. Nothing is masked or left out at random in training.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.encoders.sound.settings import SoundEncoderSettings


def wave_states(
    backbone: Any, settings: SoundEncoderSettings, values: Float[Tensor, "b n"], is_real: Bool[Tensor, "b n"]
) -> tuple[list[Tensor], Bool[Tensor, "b t"]]:
    """States (b, t, d) before the first layer and after each, and the positions that hold sound.

    Args:
        is_real: Samples of the sound; padding is at the end. Each row counts as at least one position long.
    """
    reach, step = settings.field
    length = is_real.sum(dim=1)
    # With the samples of three positions more, no row is too short for the network, and none is traced with a
    # single position, which a graph would keep. They count as padding.
    filled = nn.functional.pad(values * is_real, (0, reach + 2 * step))
    features = _features(backbone, filled, length)
    places = torch.arange(features.shape[1], device=values.device)
    is_place = places < _count(length, reach, step)[:, None]
    encoder = backbone.encoder
    projected = backbone.feature_projection(features)
    projected = projected[0] if isinstance(projected, tuple) else projected
    states = projected * is_place.unsqueeze(2)
    states = states + _positions(encoder.pos_conv_embed, states, is_place)
    norm_last = settings.architecture.get("do_stable_layer_norm", False)
    states = encoder.dropout(states if norm_last else encoder.layer_norm(states))
    found = [states]
    for layer in _layers(settings, encoder, is_place):
        found.append(layer(found[-1]))
    if norm_last:
        found[-1] = encoder.layer_norm(found[-1])
    return found, is_place


def _layers(settings: SoundEncoderSettings, encoder: Any, is_place: Tensor) -> Any:
    """The layers as functions of the states."""
    if settings.architecture["model_type"] != "wavlm":
        smallest = torch.finfo(encoder.layer_norm.weight.dtype).min
        blocked = torch.zeros(is_place.shape, device=is_place.device).masked_fill(~is_place, smallest)
        for layer in encoder.layers:
            yield lambda states, layer=layer: layer(
                states, attention_mask=blocked[:, None, None].to(states.dtype)
            )
        return
    bias: Tensor | None = None

    def call(layer: Any, states: Tensor) -> Tensor:
        nonlocal bias
        states, bias = layer(states, attention_mask=is_place, position_bias=bias)
        return states

    for layer in encoder.layers:
        yield lambda states, layer=layer: call(layer, states)


def _features(backbone: Any, values: Float[Tensor, "b n"], length: Tensor) -> Float[Tensor, "b t c"]:
    """The convolutions over the waveform. None of them is padded: a position reads its own samples only."""
    states = values.unsqueeze(1)
    for layer in backbone.feature_extractor.conv_layers:
        norm = getattr(layer, "layer_norm", None)
        if not isinstance(norm, nn.GroupNorm):
            states = layer(states)
            continue
        states = layer.conv(states)
        count = _count(length, layer.conv.kernel_size[0], layer.conv.stride[0])
        states = layer.activation(_masked_norm(norm, states, count))
    return states.transpose(1, 2)


def _masked_norm(norm: nn.GroupNorm, states: Float[Tensor, "b c t"], count: Tensor) -> Float[Tensor, "b c t"]:
    """Group norm of one channel each, over the positions that hold sound."""
    kept = (torch.arange(states.shape[2], device=states.device) < count[:, None]).unsqueeze(1)
    mean = (states * kept).sum(dim=2, keepdim=True) / count[:, None, None]
    shifted = (states - mean) * kept
    variance = shifted.square().sum(dim=2, keepdim=True) / count[:, None, None]
    scaled = shifted * torch.rsqrt(variance + norm.eps)
    return scaled * norm.weight[:, None] + norm.bias[:, None]


def _positions(embed: Any, states: Float[Tensor, "b t d"], is_place: Tensor) -> Float[Tensor, "b t d"]:
    """Positions from the neighbours of each state, which are 0 beyond the sound."""
    layers = getattr(embed, "layers", None)  # data2vec-audio has several
    if layers is None:
        return embed(states)
    found = states.transpose(1, 2)
    for layer in layers:
        found = layer(found) * is_place.unsqueeze(1)
    return found.transpose(1, 2)


def _count(length: Tensor, reach: int, step: int) -> Tensor:
    """Positions that read samples of the sound only; at least one."""
    return ((length - reach).div(step, rounding_mode="floor") + 1).clamp(min=1)
