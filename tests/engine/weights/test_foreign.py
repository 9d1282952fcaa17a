"""Checkpoints of other projects are read without running any code of them."""

import builtins
import os
import subprocess
import sys
import warnings
import zipfile
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from affekt.core.errors import FolderError, UsageError
from affekt.engine.weights.foreign import read_foreign

RECORDERS = ("__main__.RecorderMeter", "__main__.RecorderMeter1")
STATE = {"module.a.weight": torch.arange(6.0).reshape(2, 3), "module.b": torch.ones(())}


class RecorderMeter:
    """Curves, as a training script of a method's authors saves them."""

    def __init__(self):
        self.losses = np.arange(8, dtype=np.float32).reshape(4, 2)
        self.accuracy = np.float64(0.5)
        self.names = np.array(["a", "b"])


@pytest.fixture
def training_file(tmp_path, monkeypatch):
    """A function that saves the same content as a training script of a method's authors."""
    for name in ("RecorderMeter", "RecorderMeter1"):
        copy = type(name, (RecorderMeter,), {"__module__": "__main__", "__qualname__": name})
        monkeypatch.setattr(sys.modules["__main__"], name, copy, raising=False)
    main = sys.modules["__main__"]

    def save(**options):
        parameter = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([parameter])
        parameter.sum().backward()
        optimizer.step()
        content = {
            "epoch": 3,
            "state_dict": dict(STATE),
            "best_acc": torch.tensor(92.2),
            "optimizer": optimizer.state_dict(),
            "recorder": main.RecorderMeter(),
            "recorder1": main.RecorderMeter1(),
        }
        torch.save(content, tmp_path / "epoch3.pth", **options)
        return tmp_path / "epoch3.pth"

    return save


@pytest.mark.parametrize("zipped", [True, False])
def test_only_the_weights_of_a_training_file_are_read(training_file, monkeypatch, zipped):
    path = training_file(_use_new_zipfile_serialization=zipped)
    for name in ("RecorderMeter", "RecorderMeter1"):
        monkeypatch.delattr(sys.modules["__main__"], name)
    found = read_foreign(path, inert=RECORDERS)
    assert set(found.tensors) == {"a.weight", "b"}
    assert torch.equal(found.tensors["a.weight"], STATE["module.a.weight"])


def test_an_undeclared_class_is_refused_by_name(training_file):
    with pytest.raises(FolderError, match=r"asks for __main__\.RecorderMeter.*no code of it was run"):
        read_foreign(training_file())


def test_no_class_stays_allowed_after_reading(training_file):
    path = training_file()
    read_foreign(path, inert=RECORDERS)
    with pytest.raises(UnpicklingError, match="RecorderMeter"):
        torch.load(path, weights_only=True)


class Malicious:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.system, r"\w+\.system"),
        (builtins.eval, "eval"),
        (subprocess.check_output, r"\w+\.check_output"),
        (os.mkdir, r"\w+\.mkdir"),
    ],
    ids=["system", "eval", "check_output", "mkdir"],
)
def test_code_in_a_file_is_refused_and_not_run(tmp_path, function, name, zipped):
    marker = tmp_path / "it-ran"
    argument = {
        "eval": f"open({str(marker)!r}, 'w')",
        "check_output": ["touch", str(marker)],
        "mkdir": str(marker),
    }
    bad = Malicious(function, argument.get(function.__name__, f"touch {marker}"))
    path = tmp_path / "bad.pth"
    torch.save(
        {"state_dict": {"a": torch.ones(1)}, "extra": bad}, path, _use_new_zipfile_serialization=zipped
    )
    with pytest.raises(FolderError, match=f"asks for {name}, .*refused and no code of it was run"):
        read_foreign(path, inert=RECORDERS)
    assert not marker.exists()


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("<html>Sign in to download</html>")


def truncated(path):
    torch.save({"a": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:1500])


def truncated_old_style(path):
    torch.save({"a": torch.ones(1000)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:1500])


def another_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def script(path):
    from torch import nn

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(nn.Linear(1, 1)), path)


def noise(path):
    path.write_bytes(b"\x80\x02" + np.random.default_rng(0).bytes(4000))


@pytest.mark.parametrize(
    "spoil", [empty, text, truncated, truncated_old_style, another_archive, script, noise]
)
def test_a_file_that_is_not_a_checkpoint_is_refused_with_one_error(tmp_path, spoil):
    path = tmp_path / "file.pth"
    spoil(path)
    with pytest.raises(
        FolderError, match=r"file\.pth is not a PyTorch checkpoint, or is truncated: \S"
    ) as caught:
        read_foreign(path)
    assert "weights_only" not in str(
        caught.value
    )  # PyTorch advises to load the file without this restriction


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([torch.ones(1)], "contains a list"),
        ({"epoch": 3}, "no named tensors: its keys are epoch"),
        ({"state_dict": {}}, "no named tensors: its keys are nothing"),
        ({"state": {}, "param_groups": []}, "the state of an optimizer and no weights"),
        ({"state_dict": {"state": {}, "param_groups": []}}, "convert the checkpoint of an epoch instead"),
    ],
)
def test_the_error_for_a_checkpoint_without_weights_names_its_content(tmp_path, content, message):
    torch.save(content, tmp_path / "file.pth")
    with pytest.raises(FolderError, match=message):
        read_foreign(tmp_path / "file.pth")


def test_safetensors_are_read(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "file.safetensors")
    found = read_foreign(tmp_path / "file.safetensors")
    assert found.form == "safetensors" and torch.equal(found.tensors["a"], torch.ones(2))


def test_truncated_safetensors_are_refused(tmp_path):
    path = tmp_path / "file.safetensors"
    save_file({"a": torch.ones(200)}, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FolderError, match="is not a safetensors file, or is truncated"):
        read_foreign(path)


def test_a_tensor_whose_shape_exceeds_its_storage_is_left_out(tmp_path):
    torch.save({"a": torch.ones(2), "huge": torch.ones(1).expand(10**12)}, tmp_path / "file.pth")
    assert set(read_foreign(tmp_path / "file.pth").tensors) == {"a"}


def test_a_path_that_is_not_a_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_foreign(tmp_path / "nowhere.pth")
    with pytest.raises(UsageError, match="is a folder"):
        read_foreign(tmp_path)
