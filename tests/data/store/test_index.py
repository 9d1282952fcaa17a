"""The index of a prepared store, which is read in place of a data set."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import ConfigError, DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.data.open import open_dataset
from affekt.data.store.index import (
    CLIPS,
    INDEX,
    JOURNAL,
    ClipEntry,
    ClipHeader,
    Index,
    PrepareSettings,
    StoredFile,
    file_stem,
    read_index,
    source_digest,
    write_index,
)

LABELS = LabelSet.of("happy", "sad")


class Choice(Settings):
    part: int = 1


def own_files(root, options):
    return Corpus([Sample("from the folder", {"video": root / "a.mp4"}, "happy")], LABELS)


TOY = Dataset("Toy", ("video",), "none", "nobody", own_files, LABELS, Choice).at("toy")


def entry(name="a", **values):
    given = {"label": "happy", "files": {"video": StoredFile(path=f"clips/{name}.mp4", bytes=3)}}
    return ClipEntry(id=name, source="0", **{**given, **values})


@pytest.fixture
def store(tmp_path):
    """A function that writes a store of the given entries."""

    def write(*entries, dataset="toy", options=None, **values):
        (tmp_path / CLIPS).mkdir(exist_ok=True)
        (tmp_path / CLIPS / "a.mp4").write_bytes(b"abc")
        header = ClipHeader(dataset=dataset, options=options or {"part": 1}, settings=PrepareSettings())
        index = Index(header=header, labels=LABELS, task="single_label", entries=entries, **values)
        write_index(tmp_path, index)
        return tmp_path

    return write


def test_a_store_is_read_in_place_of_the_folder(store):
    root = store(
        entry(subject="anna", split="test", facts={"rate": 2.5}, texts={"text": "hello"}, turn=3),
        entry("b", files={}, reason="b.mp4 is empty"),
        skipped=(("c", "no clip"),),
    )
    corpus = open_dataset(TOY, root)
    assert corpus.samples == [
        Sample(
            "a",
            {"video": root / "clips" / "a.mp4", "text": "hello"},
            "happy",
            subject="anna",
            split="test",
            turn=3,
            facts={"rate": 2.5},
        )
    ]
    assert corpus.labels == LABELS
    assert corpus.skipped == [Skipped("c", "no clip"), Skipped("b", "b.mp4 is empty")]


def test_a_folder_without_an_index_is_read_by_its_data_set(tmp_path):
    assert open_dataset(TOY, tmp_path).samples[0].id == "from the folder"


def test_an_index_is_read_as_it_was_written(store):
    weights = {"happy": 0.75, "sad": 0.25}
    root = store(entry(label=None, label_weights=weights, notes=("cut off",), dialogue="d"))
    index = read_index(root)
    assert index.entries[0].label_weights == weights
    write_index(root, index)
    assert read_index(root) == index


def test_a_store_of_another_data_set_is_refused(store):
    with pytest.raises(DataError, match="was prepared from other, not from toy"):
        open_dataset(TOY, store(entry(), dataset="other"))


def test_other_options_are_refused_by_name(store):
    with pytest.raises(ConfigError, match=r"data.options.part = 2: the store was prepared with 1"):
        open_dataset(TOY, store(entry()), {"part": 2})


def test_an_option_that_is_newer_than_the_store_was_off_when_it_was_prepared(store):
    class Later(Choice):
        merge: bool = False

    later = replace(TOY, options=Later)
    assert len(open_dataset(later, store(entry())).samples) == 1
    with pytest.raises(ConfigError, match=r"data\.options\.merge = True: the store was prepared with None"):
        open_dataset(later, store(entry()), {"merge": True})


@pytest.mark.parametrize("path", ["../a.mp4", "/etc/passwd", "clips/../../a.mp4", "clips\\a.mp4", "a\0b"])
def test_no_path_leads_out_of_the_store(store, path):
    with pytest.raises(DataError, match="leads out of the store"):
        open_dataset(TOY, store(entry(files={"video": StoredFile(path=path, bytes=3)})))


def test_no_link_leads_out_of_the_store(store, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_bytes(b"abc")
    root = store(entry("link"))
    (root / "clips" / "link.mp4").symlink_to(outside)
    with pytest.raises(DataError, match="leads out of the store"):
        open_dataset(TOY, root)


@pytest.mark.parametrize(
    ("content", "found"), [(None, "cannot be read"), (b"ab", "no longer has its 3 bytes")]
)
def test_a_file_that_is_missing_or_cut_off_is_reported(store, content, found):
    root = store(entry())
    (root / "clips" / "a.mp4").unlink()
    if content:
        (root / "clips" / "a.mp4").write_bytes(content)
    with pytest.raises(DataError, match=found):
        open_dataset(TOY, root)


def test_a_store_that_was_not_finished_is_refused(store):
    root = store(entry())
    (root / JOURNAL).write_text("")
    with pytest.raises(DataError, match="is not finished"):
        open_dataset(TOY, root)
    (root / INDEX).unlink()
    with pytest.raises(DataError, match="is not finished"):
        open_dataset(TOY, root)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "has schema None"),
        (json.dumps({"header": {"schema": 2}}), "has schema 2"),
        (json.dumps({"header": {"schema": 1}}), "is damaged: header.dataset: missing"),
    ],
)
def test_a_damaged_index_is_refused(store, text, found):
    root = store(entry())
    (root / INDEX).write_text(text)
    with pytest.raises(DataError, match=found):
        open_dataset(TOY, root)


def test_a_store_without_a_usable_sample_is_refused_with_the_reason(store):
    with pytest.raises(DataError, match=r"not one usable sample was found \(a: it is empty\)"):
        open_dataset(TOY, store(entry(files={}, reason="it is empty")))


def test_names_of_files_are_plain_and_differ():
    names = ["a/b", "a_b", "A/B", "../../etc", "ä", "", ".", "x" * 300, "con\0"]
    stems = [file_stem(name) for name in names]
    assert len({stem.lower() for stem in stems}) == len(names)
    assert all(Path(stem).name == stem and len(stem) < 100 and not stem.startswith(".") for stem in stems)


def test_a_source_is_identified_by_its_files_span_and_arrays(tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    plain = source_digest(Sample("a", {"video": file}))
    assert source_digest(Sample("b", {"video": file}, "happy", split="test")) == plain
    assert source_digest(Sample("a", {"audio": file})) != plain
    assert source_digest(Sample("a", {"video": file}, span_s=(0.0, 1.0))) != plain
    os.utime(file, ns=(0, 0))
    assert source_digest(Sample("a", {"video": file})) != plain
    (tmp_path / "frames").mkdir()
    folder = source_digest(Sample("a", {"video": tmp_path / "frames"}))
    (tmp_path / "frames" / "000001.jpg").write_bytes(b"x")
    assert source_digest(Sample("a", {"video": tmp_path / "frames"})) != folder
    one, other = (source_digest(Sample("a", {"audio": np.array(x)})) for x in ([1.0, 2.0], [1.0, 3.0]))
    assert one != other
