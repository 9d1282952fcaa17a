"""A text bundle is complete: its tokenizer is hashed like the rest, and has to fit the network."""

import json
import shutil
import subprocess
import sys

import pytest

import affekt
from affekt.core.errors import FolderError, MissingExtra
from affekt.core.files.sealed import read_sealed, write_sealed

pytestmark = pytest.mark.xdist_group("words")

TOKENIZER = "assets/tokenizer.json"


@pytest.fixture
def changed(line_bundle, tmp_path):
    """A copy of the bundle, to be changed without a new hash."""
    return shutil.copytree(line_bundle, tmp_path / "copy.affekt")


@pytest.fixture
def sealed_with(line_bundle, tmp_path):
    """A function that seals the bundle again with another tokenizer, or with none."""

    def make(tokenizer):
        sealed, path = read_sealed(line_bundle, kind="bundle"), tmp_path / "sealed.affekt"
        with write_sealed(path, dict(sealed.document)) as work:
            for name in sealed.files:
                content = tokenizer if name == TOKENIZER else sealed.read(name)
                if content is not None:
                    (work / name).parent.mkdir(exist_ok=True)
                    (work / name).write_bytes(content)
        return path

    return make


def test_an_altered_tokenizer_is_refused(changed):
    (changed / TOKENIZER).write_text((changed / TOKENIZER).read_text().replace("sun", "fun"))
    with pytest.raises(FolderError, match=r"assets/tokenizer\.json"):
        affekt.load(changed)


def test_a_tokenizer_that_is_gone_is_refused(changed):
    (changed / TOKENIZER).unlink()
    with pytest.raises(FolderError, match=r"assets/tokenizer\.json"):
        affekt.load(changed)


def test_a_bundle_that_was_sealed_without_its_tokenizer_is_refused(sealed_with):
    with pytest.raises(FolderError, match=r"sealed\.affekt.*tokenizer\.json"):
        affekt.load(sealed_with(None))


def test_a_tokenizer_with_more_ids_than_embeddings_is_refused(sealed_with, line_bundle):
    document = json.loads((line_bundle / TOKENIZER).read_text())
    document["model"]["vocab"]["further"] = 4000
    with pytest.raises(FolderError, match="ids up to 4000, the network has 48 embeddings"):
        affekt.load(sealed_with(json.dumps(document).encode()))


def test_a_file_that_is_not_a_tokenizer_is_refused(sealed_with):
    with pytest.raises(FolderError, match=r"tokenizer\.json is not a tokenizer"):
        affekt.load(sealed_with(b"{}"))


def test_without_the_extra_the_error_names_it(line_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(
        MissingExtra, match=r"'tokenizers', which is not installed: pip install 'affekt\[text\]'"
    ):
        affekt.load(line_bundle)


def test_importing_affekt_loads_no_tokenizers():
    code = "import sys, affekt; affekt.load; print('tokenizers' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
