"""What is wrong with an encoder is said in one message, before anything is trained."""

import json
import socket

import pytest
from safetensors.torch import load_file, save_file

from affekt.core import catalog
from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.core.recipe import Recipe
from affekt.encoders.settings import EncoderSettings, problems_of_sizes
from affekt.encoders.source import downloads_allowed, find_source, resolved
from affekt.encoders.text import TextEncoder
from affekt.testing.encoders import save_tiny_encoder


def load(folder, **settings):
    encoder = TextEncoder(resolved(EncoderSettings(source=str(folder), **settings)))
    encoder.load_pretrained()


def change(file, **values):
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def without(file, *names):
    content = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in content.items() if name not in names}))


def only_a_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def truncated(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def garbage(folder):
    (folder / "model.safetensors").write_bytes(b"not tensors")


def one_weight_less(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.0.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def larger_vocabulary(folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["zebra"] = 5000
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def no_tokenizer(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()


def of_config(**values):
    return lambda at: change(at / "config.json", **values)


BROKEN = {
    "a width without weights": (of_config(hidden_size=2**20), "hidden_size = 1048576: its weights have only"),
    "layers without end": (
        of_config(num_hidden_layers=2**30),
        "num_hidden_layers = 1073741824: a whole number of 0 to 10000",
    ),
    "a vocabulary without rows": (of_config(vocab_size=2**30), "vocab_size = 1073741824: its weights have"),
    "a size above 31 bits": (of_config(intermediate_size=10**30), "intermediate_size = 10+: a whole number"),
    "a vocabulary of null": (of_config(vocab_size=None), "states no vocab_size"),
    "a size that is text": (of_config(hidden_size="large"), "hidden_size = large: a whole number"),
    "positions without end": (
        of_config(max_position_embeddings=2**40),
        "max_position_embeddings = 1099511627776",
    ),
    "positions that are a list": (of_config(max_position_embeddings=[1]), "max_position_embeddings = "),
    "padding that is text": (of_config(pad_token_id="0"), "pad_token_id = 0: a whole number"),
    "a nested config": (lambda at: (at / "config.json").write_text('{"a":' * 90_000), "cannot be read"),
    "a nested part": (
        of_config(text_config={"vocab_size": 2**31}),
        "vocab_size = 2147483648: a whole number",
    ),
    "only a pickle": (only_a_pickle, "only as pytorch_model.bin; reading a pickle can run code"),
    "no weights": (lambda at: (at / "model.safetensors").unlink(), "has no model.safetensors"),
    "no config": (lambda at: (at / "config.json").unlink(), "has no config.json"),
    "no tokenizer": (no_tokenizer, "has no tokenizer"),
    "truncated weights": (truncated, "weights of .* cannot be read"),
    "garbage": (garbage, "weights of .* cannot be read"),
    "a missing tensor": (one_weight_less, "lacks weights: encoder.layer.0.output.dense.weight"),
    "own code": (lambda at: change(at / "config.json", auto_map={"AutoModel": "m.M"}), "own repository"),
    "no type": (lambda at: without(at / "config.json", "model_type"), "does not state a model_type"),
    "an unknown type": (lambda at: change(at / "config.json", model_type="nothing"), "config of 'nothing'"),
    "another family": (lambda at: without(at / "config.json", "hidden_size"), "states no hidden_size"),
    "broken config": (lambda at: (at / "config.json").write_text("{"), "config.json cannot be read"),
    "config of a list": (lambda at: (at / "config.json").write_text("[]"), "not hold a JSON object"),
    "broken tokenizer": (lambda at: (at / "tokenizer.json").write_text("{}"), "is not a tokenizer"),
    "too many tokens": (larger_vocabulary, "ids up to 5000, its network 1.. rows"),
    "fewer special tokens": (
        lambda at: change(at / "tokenizer_config.json", mask_token="<mask>"),
        "tokenizer.json lacks <mask>",
    ),
    "padding with a role": (
        lambda at: change(at / "tokenizer_config.json", pad_token="[SEP]"),
        r"padding token \[SEP\] has another role",
    ),
}


@pytest.mark.parametrize(
    "claim",
    [
        {"d_model": 2**40}, {"encoder_layers": 10**9}, {"num_mel_bins": "many"}, {"num_frames": 2**20},
        {"conv_kernel": [3, "3"]}, {"conv_stride": 2**20}, {"image_size": {"height": 3}},
        {"patch_size": [16, -1]},
        {"vision_config": {"image_size": 2**30}}, {"pad_token_id": True},
    ],
    ids=str,
)  # fmt: skip
def test_sizes_that_no_network_has_are_problems_of_a_config(claim):
    plausible = {"hidden_size": 768, "conv_kernel": [10, 3], "image_size": [224, 224], "pad_token_id": -1}
    assert problems_of_sizes(plausible, held=10**9) == []
    assert problems_of_sizes({**plausible, **claim}, held=10**9)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_folder_is_refused_with_the_reason(tmp_path, what):
    damage, message = BROKEN[what]
    folder = save_tiny_encoder(tmp_path / "encoder")
    damage(folder)
    with pytest.raises(FolderError, match=message):
        load(folder)


def test_a_tokenizer_whose_padding_is_not_that_of_the_network_is_refused(tmp_path):
    folder = save_tiny_encoder(tmp_path / "encoder", "roberta", pad_token_id=3)
    with pytest.raises(FolderError, match=r"counts positions from the padding id 3 on, .* pads with 1"):
        load(folder)


def test_a_lora_target_that_matches_nothing_lists_the_layers_that_exist(tmp_path):
    folder = save_tiny_encoder(tmp_path / "encoder")
    with pytest.raises(ConfigError, match="no linear layer is called Wqkv; found dense, key, query, value"):
        load(folder, mode="lora", lora={"targets": ["query", "Wqkv"]})


@pytest.mark.parametrize("mode", ["lora", "frozen"])
def test_new_tokens_that_would_stay_random_are_refused(tmp_path, mode):
    folder = save_tiny_encoder(tmp_path / "encoder")
    with pytest.raises(ConfigError, match=f"mode = '{mode}' would leave the vectors of new tokens"):
        resolved(EncoderSettings(source=str(folder), mode=mode), added_tokens=("<s1>",))


def test_a_source_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"neither an asset .*minilm.* nor a folder that exists"):
        find_source(str(tmp_path / "nowhere"))


def test_no_connection_is_opened_unless_downloads_are_allowed(tmp_path, monkeypatch):
    tried = []

    def refused(*args, **kwargs):
        tried.append(args)
        raise OSError("no connection in this test")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=r"owner/tiny is not in the local cache of the hub; .* --download"):
        find_source("owner/tiny")
    load(save_tiny_encoder(tmp_path / "encoder"))
    without(tmp_path / "encoder" / "tokenizer_config.json", "pad_token")  # transformers reads it then
    assert find_source(str(tmp_path / "encoder")).tokenizer()[1].padding == "[PAD]"
    assert not tried
    with downloads_allowed(), pytest.raises(UsageError, match="encoder owner/tiny cannot be downloaded"):
        find_source("owner/tiny")
    assert tried


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"context": {"tokens": 65}}, "config.context.tokens = 65: .* reads 64 tokens at most"),
        ({"encoders": {"T": {"pooling": "mask"}}}, "the input has no mask token; set config.context.query"),
        (
            {"losses": {"contrast": {"kind": "apcl"}}, "num_classes": 28},
            "28 classes need a vector of that width; it is 16",
        ),
    ],
)
def test_settings_that_do_not_fit_the_encoder_are_refused(tmp_path, changes, message):
    folder = save_tiny_encoder(tmp_path / "encoder")
    encoder = {"source": str(folder), **changes.get("encoders", {}).get("T", {})}
    values = {"context": {"tokens": 32}, **changes, "encoders": {"T": encoder}}
    with pytest.raises(ConfigError, match=message):
        catalog.method("spcl").make_config(values).resolved()


def test_random_weights_know_their_longest_input_and_their_padding():
    tiny = catalog.method("spcl").card.tiny
    architecture = {**tiny["encoders"]["T"]["architecture"], "model_type": "roberta", "pad_token_id": 1}
    config = catalog.method("spcl").make_config(
        {"encoders": {"T": {"source": "", "architecture": architecture}}}
    )
    with pytest.raises(ConfigError, match="the encoder reads 31 tokens at most"):
        config.resolved()
    found = config.model_copy(update={"context": config.context.model_copy(update={"tokens": 31})}).resolved()
    assert found.encoders.T.architecture["pad_token_id"] == found.encoders.T.padding_id == 0


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (
            {"encoders": {"T": {"sourse": "a"}}},
            "config.encoders.T.sourse = 'a': unknown key; did you mean source?",
        ),
        ({"encoders": {"T": {"lora": {"rank": 0}}}}, "config.encoders.T.lora.rank = 0: input should be"),
        ({"encoders": {"T": {"pooling": "cls"}}}, "config.encoders.T.pooling = 'cls': input should be"),
        ({"context": {"form": "emoberta"}}, "config.context.form = 'emoberta': input should be 'lines'"),
        ({"losses": {"contrast": {"kind": "spcl", "temperature": -1}}}, "temperature = -1: input should be"),
        ({"losses": {"contrast": {"kind": "spc"}}}, "config.losses.contrast"),
        ({"encoders": {"T": {"architecture": {"model_type": "bert"}}}}, "'minilm' states the architecture"),
        ({"losses": {"contrast": {"kind": "none"}}}, "config: without losses.contrast nothing trains"),
    ],
)
def test_a_wrong_field_of_a_recipe_is_one_line(config, line):
    values = {"method": "spcl", "data": {"name": "dialogues"}, "config": {"num_classes": 3, **config}}
    with pytest.raises(ConfigError) as error:
        Recipe.from_values(values)
    assert line in str(error.value)
    assert len(str(error.value).splitlines()) == 2, str(error.value)
