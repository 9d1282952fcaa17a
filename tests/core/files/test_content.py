"""The same media have the same key in every place, other media have another one."""

import os
import shutil

import numpy as np
import pytest

from affekt.core.files.content import BLOCK_BYTES, annotation_key, media_key, media_keys
from affekt.core.sample import Sample
from affekt.core.segment import Segment
from affekt.media.skeleton import Skeleton


def key(media, **more):
    return media_key(Sample("any", media, **more))


def test_a_copy_has_the_key_of_the_original_and_a_changed_byte_another(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(range(256)) * 10)
    copy = shutil.copyfile(path, tmp_path / "b.wav")
    os.utime(copy, (0, 0))
    before = key({"audio": path})
    assert key({"audio": copy}) == before == key({"audio": str(copy)})
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    assert key({"audio": copy}) != before


@pytest.mark.parametrize("place", [0, 0.5, 0.999])
def test_the_key_of_a_large_file_depends_on_its_beginning_middle_and_end(tmp_path, place):
    path = tmp_path / "a.mp4"
    content = bytearray(20 * BLOCK_BYTES)
    path.write_bytes(content)
    before = key({"video": path})
    content[int(place * len(content))] = 1
    path.write_bytes(content)
    assert key({"video": path}) != before


def test_two_spans_of_one_file_are_two_samples(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"sound")
    keys = {key({"audio": tmp_path / "a.wav"}, span_s=span) for span in (None, (0.0, 1.0), (1.0, 2.0))}
    assert len(keys) == 3


def test_a_folder_of_frames_is_identified_by_its_files(tmp_path):
    for name in ("1", "2", "3"):
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    before = key({"video": tmp_path})
    (tmp_path / "4.png").write_bytes(b"4")
    assert key({"video": tmp_path}) != before


def test_decoded_media_are_identified_by_their_arrays():
    walks = [Skeleton(np.full((3, 2, 3), value, np.float32), ("neck", "root")) for value in (1.0, 1.0, 2.0)]
    keys = media_keys([Sample(f"{n}", {"skeleton": walk}) for n, walk in enumerate(walks)])
    assert keys[0] == keys[1] != keys[2]


def test_missing_files_have_different_keys(tmp_path):
    assert key({"image": tmp_path / "a.png"}) != key({"image": tmp_path / "b.png"})


def test_the_key_of_an_annotation_depends_on_all_its_labels():
    samples = [
        Sample("a", {}, "sad"),
        Sample("a", {}, "happy"),
        Sample("a", {}, label_weights={"sad": 1.0}),
        Sample("a", {}, "sad", segments=()),
        Sample("a", {}, "sad", segments=(Segment(0.0, 1.0, "sad"),)),
    ]
    assert len({annotation_key(sample) for sample in samples}) == len(samples)
    assert annotation_key(samples[0]) == annotation_key(Sample("b", {}, "sad", subject="anna"))
