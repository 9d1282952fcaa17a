"""Skeleton files of one's own: folders of classes, or a manifest."""

import json

import numpy as np
import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset

SKELETONS = dataset("skeletons")
JOINTS = ("root", "spine", "neck")


def walk(path, walks=0, seed=0, joints=JOINTS):
    """An invented file of one walk, or of several."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (walks, 5, 3, 3) if walks else (5, 3, 3)
    positions = np.random.default_rng(seed).standard_normal(shape)
    if path.suffix == ".npz":
        np.savez(path, positions=positions, **({"joints": np.array(joints)} if joints else {}))
    else:
        path.write_text(json.dumps({"positions": positions.tolist(), "joints": joints}))
    return path


@pytest.fixture
def folders(tmp_path):
    for name in ("happy/a.npz", "happy/deeper/b.json", "sad/sub-anna_c.npz", "sad/sub-ben_2.npz"):
        walk(tmp_path / name)
    return tmp_path


@pytest.fixture
def listed(tmp_path):
    for name in ("walks/1.npz", "walks/2.npz", "walks/3.json"):
        walk(tmp_path / name)
    return tmp_path


def manifest(folder, *rows):
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def by_id(corpus):
    return {sample.id: sample for sample in corpus.samples}


# A folder a class


def test_a_folder_is_a_class_and_its_name_the_label(folders):
    found = by_id(open_dataset(SKELETONS, folders))
    assert {name: sample.label for name, sample in found.items()} == {
        "happy/a.npz": "happy",
        "happy/deeper/b.json": "happy",
        "sad/sub-anna_c.npz": "sad",
        "sad/sub-ben_2.npz": "sad",
    }
    assert found["happy/a.npz"].media["skeleton"].joints == JOINTS
    assert found["happy/a.npz"].split is None


def test_a_file_name_may_state_the_subject(folders):
    assert {name: sample.subject for name, sample in by_id(open_dataset(SKELETONS, folders)).items()} == {
        "happy/a.npz": None,
        "happy/deeper/b.json": None,
        "sad/sub-anna_c.npz": "anna",
        "sad/sub-ben_2.npz": "ben",
    }


def test_labels_are_sorted_unless_an_order_is_given(folders):
    assert open_dataset(SKELETONS, folders).labels.names == ("happy", "sad")
    assert open_dataset(SKELETONS, folders, {"labels": ["sad", "calm", "happy"]}).labels.names == (
        "sad",
        "calm",
        "happy",
    )


def test_a_folder_that_is_not_among_the_labels_is_refused(folders):
    with pytest.raises(DataError, match=r"labels sad are not among options\.labels \(happy, angry\)"):
        open_dataset(SKELETONS, folders, {"labels": ["happy", "angry"]})


def test_hidden_files_are_no_samples(folders):
    (folders / ".git").mkdir()
    (folders / ".git" / "config").write_text("x")
    (folders / "sad" / ".DS_Store").write_text("x")
    corpus = open_dataset(SKELETONS, folders)
    assert len(corpus.samples) == 4
    assert corpus.skipped == []


def test_a_broken_file_is_skipped_with_the_reason(folders):
    (folders / "sad" / "empty.npz").write_bytes(b"")
    (folders / "sad" / "notes.txt").write_text("x")
    (folders / "sad" / "text.json").write_text("walk")
    reasons = {item.id: item.reason for item in open_dataset(SKELETONS, folders).skipped}
    assert "has 0 bytes" in reasons["sad/empty.npz"]
    assert "is not a skeleton file" in reasons["sad/notes.txt"]
    assert "is not JSON" in reasons["sad/text.json"]


def test_a_file_of_several_walks_gives_several_samples(folders):
    walk(folders / "sad" / "many.npz", walks=3)
    walk(folders / "sad" / "single.npz", walks=1)
    found = {name for name in by_id(open_dataset(SKELETONS, folders)) if "many" in name or "single" in name}
    assert found == {"sad/many.npz#0", "sad/many.npz#1", "sad/many.npz#2", "sad/single.npz"}


def test_one_broken_walk_of_a_file_costs_only_itself(folders):
    positions = np.ones((3, 5, 3, 3))
    positions[1, 2] = np.nan
    np.savez(folders / "sad" / "many.npz", positions=positions, joints=np.array(JOINTS))
    corpus = open_dataset(SKELETONS, folders)
    assert [item.id for item in corpus.skipped] == ["sad/many.npz#1"]
    assert "NaN or infinite in 1 of 5 frames" in corpus.skipped[0].reason
    assert {"sad/many.npz#0", "sad/many.npz#2"} <= set(by_id(corpus))


def test_files_without_joints_take_the_order_of_the_option(folders):
    walk(folders / "sad" / "bare.npz", joints=())
    assert "states no joint order" in open_dataset(SKELETONS, folders).skipped[0].reason
    found = by_id(open_dataset(SKELETONS, folders, {"joints": "a, b, c"}))
    assert found["sad/bare.npz"].media["skeleton"].joints == ("a", "b", "c")


def test_an_empty_folder_says_both_layouts(tmp_path):
    with pytest.raises(DataError, match=r"neither manifest\.csv nor a folder of files for each class"):
        open_dataset(SKELETONS, tmp_path)
    (tmp_path / "happy").mkdir()
    with pytest.raises(DataError, match=r"neither manifest\.csv nor a folder of files for each class"):
        open_dataset(SKELETONS, tmp_path)


def test_one_class_alone_is_refused(tmp_path):
    walk(tmp_path / "happy" / "a.npz")
    with pytest.raises(DataError, match="at least two classes are required, found happy"):
        open_dataset(SKELETONS, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["happy"]}, "at least two names are required"),
        ({"labels": ["happy", "happy"]}, "each once"),
        ({"joints": "bpmgcn"}, "did you mean bpm_gcn"),
        ({"joint": "bpm_gcn"}, r"did you mean joints\?"),
    ],
)
def test_wrong_options_are_refused(folders, options, message):
    with pytest.raises(ConfigError, match=message):
        open_dataset(SKELETONS, folders, options)


# A manifest


def test_a_manifest_says_all_there_is_to_say(listed):
    rows = ("path,label,subject,split,id", "walks/1.npz,sad,anna,train,one", "walks/2.npz,happy,ben,test,two")
    found = by_id(open_dataset(SKELETONS, manifest(listed, *rows)))
    assert set(found) == {"one", "two"}
    one = found["one"]
    assert (one.label, one.subject, one.split) == ("sad", "anna", "train")


def test_columns_and_cells_may_be_left_out(listed):
    rows = ("label,path,subject", "sad, walks/1.npz ,", "happy,walks/2.npz,ben", ",walks/3.json,ben")
    found = by_id(open_dataset(SKELETONS, manifest(listed, *rows)))
    assert {name: (s.label, s.subject, s.split) for name, s in found.items()} == {
        "walks/1.npz": ("sad", None, None),
        "walks/2.npz": ("happy", "ben", None),
        "walks/3.json": (None, "ben", None),
    }


def test_a_manifest_of_a_spreadsheet_is_read(listed):
    text = "\ufeffpath,label\r\nwalks/1.npz,sad\r\nwalks/2.npz,happy\r\n"
    (listed / "manifest.csv").write_text(text, encoding="utf-8", newline="")
    assert len(open_dataset(SKELETONS, listed).samples) == 2


def test_a_parquet_manifest_is_read_alike(listed):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"path": ["walks/1.npz", "walks/2.npz"], "label": ["sad", "happy"], "subject": [7, None]}
    parquet.write_table(pyarrow.table(columns), listed / "manifest.parquet")
    found = by_id(open_dataset(SKELETONS, listed))
    assert [(s.label, s.subject) for s in found.values()] == [("sad", "7"), ("happy", None)]


def test_a_broken_parquet_manifest_is_refused(listed):
    pytest.importorskip("pyarrow")
    (listed / "manifest.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"manifest\.parquet cannot be read"):
        open_dataset(SKELETONS, listed)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("file,label", "lacks the column path; found file, label"),
        ("path,emotion", "lacks the column label; found path, emotion"),
        ("path;emotion", "lacks the column label; found path, emotion"),
        ("", "lacks the column path and label; found no columns"),
    ],
)
def test_a_missing_column_is_named_with_what_was_found(listed, header, message):
    with pytest.raises(DataError, match=message):
        open_dataset(SKELETONS, manifest(listed, header, "walks/1.npz,sad"[: 100 if header else 0]))


OUTSIDE = ("../secret.npz", "/etc/passwd", "walks/../../secret.npz", "walks/..", "..")


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_leads_out_of_the_folder_is_refused_unread(tmp_path, path):
    folder = tmp_path / "data"
    walk(folder / "1.npz")
    walk(tmp_path / "secret.npz")
    with pytest.raises(DataError, match=r"line 3: .* points outside"):
        open_dataset(SKELETONS, manifest(folder, "path,label", "1.npz,sad", f"{path},happy"))


@pytest.mark.parametrize("path", ["..\\secret.npz", "C:\\a.npz", "walks\\1.npz"])
def test_a_path_with_backslashes_is_refused_on_every_system(listed, path):
    with pytest.raises(DataError, match=r"has 1 problem\n  line 2: .* must use / between folders"):
        open_dataset(SKELETONS, manifest(listed, "path,label", f"{path},sad"))


def test_all_mistakes_of_a_manifest_are_reported_at_once(listed):
    rows = (
        "path,label,split",
        "walks/1.npz,sad,trian",
        ",sad,train",
        "../x.npz,sad,train",
        "walks/2.npz,happy,test",
    )
    with pytest.raises(DataError) as caught:
        open_dataset(SKELETONS, manifest(listed, *rows))
    assert "has 3 problems" in str(caught.value)
    assert "line 2: unknown split 'trian'; did you mean train?" in str(caught.value)
    assert "line 3: the path is empty" in str(caught.value)
    assert "line 4: '../x.npz' points outside" in str(caught.value)


def test_many_mistakes_are_cut_short_but_counted(listed):
    with pytest.raises(DataError, match=r"has 25 problems(.|\n)*and 15 more"):
        open_dataset(SKELETONS, manifest(listed, "path,label", *[",sad"] * 25))


def test_a_file_that_is_not_there_is_skipped(listed):
    rows = ("path,label", "walks/1.npz,sad", "walks/2.npz,happy", "walks/9.npz,happy", "walks,happy")
    corpus = open_dataset(SKELETONS, manifest(listed, *rows))
    assert [item.id for item in corpus.skipped] == ["walks/9.npz", "walks"]
    assert all("does not exist or is not a file" in item.reason for item in corpus.skipped)


def test_a_file_that_is_listed_twice_is_refused(listed):
    rows = ("path,label", "walks/1.npz,sad", "walks/1.npz,happy")
    with pytest.raises(
        DataError, match=r"line 3: walks/1\.npz is listed in line 2 already, as sad and happy"
    ):
        open_dataset(SKELETONS, manifest(listed, *rows))


def test_a_manifest_without_rows_or_labels_is_refused(listed):
    with pytest.raises(DataError, match="lists no file"):
        open_dataset(SKELETONS, manifest(listed, "path,label"))
    with pytest.raises(DataError, match="at least two classes are required, found no label"):
        open_dataset(SKELETONS, manifest(listed, "path,label", "walks/1.npz,"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,label\na\0b,sad", "is binary"),
        (b'path,label\n"a', "cannot be read"),
        (b"path,label\n" + b"x" * 200_000, "cannot be read"),
    ],
)
def test_a_manifest_that_is_no_csv_is_refused(listed, content, message):
    (listed / "manifest.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"manifest\.csv {message}"):
        open_dataset(SKELETONS, listed)


def test_folders_mean_nothing_where_a_manifest_is(folders):
    walk(folders / "x.npz")
    found = by_id(open_dataset(SKELETONS, manifest(folders, "path,label", "x.npz,calm", "happy/a.npz,angry")))
    assert {name: sample.label for name, sample in found.items()} == {"x.npz": "calm", "happy/a.npz": "angry"}


def test_up_and_rate_can_be_stated_for_files_that_do_not_state_them(tmp_path):
    walk = open_dataset("walkers", None, {"walkers": 8}).samples[0].media["skeleton"]
    for label, facts in (("happy", {}), ("sad", {"up": "y", "rate_hz": 30.0})):
        (tmp_path / label).mkdir()
        np.savez(tmp_path / label / "a.npz", positions=walk.positions, joints=np.array(walk.joints), **facts)
    happy, sad = open_dataset("skeletons", tmp_path, {"up": "-z", "rate_hz": 120.0}).samples
    np.testing.assert_array_equal(happy.media["skeleton"].positions[..., 1], -walk.positions[..., 2])
    np.testing.assert_array_equal(sad.media["skeleton"].positions, walk.positions)
    assert (happy.media["skeleton"].rate_hz, sad.media["skeleton"].rate_hz) == (120.0, 30.0)


# Frame rates


def test_walks_without_a_frame_rate_are_noted_until_it_is_stated(folders):
    (note,) = open_dataset(SKELETONS, folders).notes
    assert note.startswith("4 of 4 walks state no frame rate") and "rate_hz" in note
    assert not open_dataset(SKELETONS, folders, {"rate_hz": 30.0}).notes
