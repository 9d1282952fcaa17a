"""Tiny text encoders with random weights, saved as folders like those of published ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LINES = (
    "well hello there, how are you today?",
    "I am fine, thank you. It rains and the bus is late.",
    "oh no! what is it now? you said that it was here",
    "good to see you, really. so it does, ah, well",
    "For utterance: Ann feels and Ben feels that she and he are not there",
)
_BERT = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
_ROBERTA = {
    "bos_token": "<s>",
    "pad_token": "<pad>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}
# Class of the network, kind of the tokenizer, its special tokens in the order of their ids.
FAMILIES: dict[str, tuple[str, str, dict[str, str]]] = {
    "bert": ("BertModel", "word pieces", _BERT),
    "roberta": ("RobertaModel", "bytes", _ROBERTA),
    "xlm-roberta": ("XLMRobertaModel", "unigram", _ROBERTA),
    "mpnet": ("MPNetModel", "word pieces", {**_ROBERTA, "unk_token": "[UNK]"}),
    "modernbert": ("ModernBertModel", "bytes", _BERT),
    "deberta-v2": ("DebertaV2Model", "unigram", _BERT),
}
_OF_FAMILY: dict[str, dict[str, Any]] = {
    "modernbert": {
        "global_attn_every_n_layers": 2,
        "local_attention": 8,
        **dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")),
    },
    # As DeBERTa-v3.
    "deberta-v2": {
        "relative_attention": True,
        "max_relative_positions": -1,
        "position_buckets": 16,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
}


def save_tiny_encoder(folder: Path, family: str = "bert", *, seed: int = 0, **config: Any) -> Path:
    """Save an encoder of a family: `config.json`, `model.safetensors`, `tokenizer.json` and its settings.

    Args:
        family: One of `FAMILIES`.
        config: Fields of the config of `transformers` that differ from the tiny ones.
    """
    import torch
    import transformers
    from safetensors.torch import save_file

    network, kind, special = FAMILIES[family]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(kind, list(special.values()), special)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(special), encoding="utf-8")
    first = 2 if family in ("roberta", "xlm-roberta", "mpnet") else 0  # places before the first position
    values = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 64 + first,
        "pad_token_id": tokenizer.token_to_id(special["pad_token"]),
        **_OF_FAMILY.get(family, {}),
        **config,
    }
    torch.manual_seed(seed)
    model = getattr(transformers, network)(transformers.AutoConfig.for_model(family, **values))
    with torch.no_grad():  # larger than at the start of training, so that every part counts
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.config.save_pretrained(folder)
    save_file(model.state_dict(), folder / "model.safetensors", {"format": "pt"})
    return folder


def _tokenizer(kind: str, special: list[str], named: dict[str, str]) -> Any:
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

    if kind == "word pieces":
        found = tokenizers.Tokenizer(models.WordPiece(unk_token=named["unk_token"]))
        found.normalizer = normalizers.BertNormalizer(lowercase=True)
        found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=special, show_progress=False)
    elif kind == "bytes":
        found = tokenizers.Tokenizer(models.BPE())
        found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        found.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    else:
        found = tokenizers.Tokenizer(models.Unigram())
        found.normalizer = normalizers.NFKC()
        found.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=120, special_tokens=special, unk_token=named["unk_token"], show_progress=False
        )
    found.train_from_iterator(LINES, trainer)
    mask = tokenizers.AddedToken(named["mask_token"], lstrip=kind != "word pieces", special=True)
    found.add_special_tokens([mask])
    return found
