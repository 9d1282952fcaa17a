"""Tiny encoders of sound and picture with random weights, saved as folders like those of published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
_WAVES = {
    **_SIZES,
    "conv_dim": [8, 8, 8],
    "conv_kernel": [10, 3, 2],
    "conv_stride": [5, 2, 2],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 5,
    "num_conv_pos_embedding_groups": 2,
    "vocab_size": 12,
    "mask_time_prob": 0.05,
}
_STABLE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
_WAVE_INPUT = {"sampling_rate": 16000, "do_normalize": True}
_WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "num_mel_bins": 8,
    "max_source_positions": 40,
    "max_target_positions": 8,
    "vocab_size": 60,
    **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 1),
}
# Model type of the config, fields of it, class of the network that is saved.
SOUND: dict[str, tuple[str, dict[str, Any], str]] = {
    "wav2vec2": ("wav2vec2", _WAVES, "Wav2Vec2Model"),
    "wav2vec2 large": ("wav2vec2", {**_WAVES, **_STABLE}, "Wav2Vec2ForCTC"),
    "hubert": ("hubert", _WAVES, "HubertModel"),
    "wavlm": ("wavlm", {**_WAVES, "num_buckets": 16, "max_bucket_distance": 20}, "WavLMModel"),
    "wavlm large": (
        "wavlm",
        {**_WAVES, **_STABLE, "num_buckets": 16, "max_bucket_distance": 20},
        "WavLMModel",
    ),
    "data2vec-audio": (
        "data2vec-audio",
        {**_WAVES, "feat_extract_norm": "layer", "num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 5},
        "Data2VecAudioModel",
    ),
    "whisper": ("whisper", _WHISPER, "WhisperForConditionalGeneration"),
}
_IMAGE = {**_SIZES, "image_size": 16, "patch_size": 8}
_CROPPED = {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}, "do_center_crop": True}
_HALF = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.25, 0.3]}
_VIDEO = {**_IMAGE, "num_frames": 4}
# Likewise, and what the image processor states.
PICTURE: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "videomae": ("videomae", {**_VIDEO, "tubelet_size": 2}, "VideoMAEModel", {**_CROPPED, **_HALF}),
    "timesformer": ("timesformer", _VIDEO, "TimesformerForVideoClassification", {**_CROPPED, **_HALF}),
    "vivit": (
        "vivit",
        {**_VIDEO, "tubelet_size": [2, 8, 8]},
        "VivitModel",
        {**_CROPPED, **_HALF, "rescale_factor": 1 / 127.5, "offset": True},
    ),
    "vit": ("vit", _IMAGE, "ViTModel", {"size": {"height": 16, "width": 16}, **_HALF}),
    "clip": ("clip", {}, "CLIPModel", {**_CROPPED, **_HALF, "resample": 3}),
}


def save_tiny_sound_encoder(folder: Path, family: str = "wav2vec2", *, seed: int = 0, **config: Any) -> Path:
    """Save an encoder of sound: `config.json`, `model.safetensors`, `preprocessor_config.json`.

    Args:
        family: One of `SOUND`.
        config: Fields of the config of `transformers` that differ from the tiny ones.
    """
    kind, values, network = SOUND[family]
    facts = _WAVE_INPUT if kind != "whisper" else {"sampling_rate": 16000, "n_fft": 400, "hop_length": 160}
    return _saved(folder, kind, {**values, **config}, network, facts, seed)


def save_tiny_picture_encoder(
    folder: Path, family: str = "videomae", *, seed: int = 0, **config: Any
) -> Path:
    """Save an encoder of pictures or video in the same form.

    Args:
        family: One of `PICTURE`.
        config: Fields of the config of `transformers` that differ from the tiny ones.
    """
    kind, values, network, facts = PICTURE[family]
    if kind == "clip":
        text = {**_SIZES, "vocab_size": 30, "max_position_embeddings": 8}
        values = {"vision_config": {**_IMAGE, **config}, "text_config": text, "projection_dim": 8}
        config = {}
    return _saved(folder, kind, {**values, **config}, network, facts, seed)


def _saved(
    folder: Path, kind: str, values: dict[str, Any], network: str, facts: dict[str, Any], seed: int
) -> Path:
    import torch
    import transformers
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = getattr(transformers, network)(transformers.AutoConfig.for_model(kind, **values))
    with torch.no_grad():  # larger than at the start of training, so that every part counts
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.config.save_pretrained(folder)
    save_file(
        {name: value.contiguous().clone() for name, value in model.state_dict().items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    (folder / "preprocessor_config.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder
