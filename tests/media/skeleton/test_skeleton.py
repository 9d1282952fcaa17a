"""Skeleton files: valid ones are read, invalid ones are refused with a reason."""

import io
import json
import os
import zipfile

import numpy as np
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.skeleton import (
    BONES,
    JOINT_ORDERS,
    MAX_BYTES,
    Skeleton,
    joint_order,
    read_each_skeleton,
    read_skeletons,
)

JOINTS = ("root", "spine", "neck")
WALK = np.arange(4 * 3 * 3, dtype=np.float32).reshape(4, 3, 3)


def save(path, **arrays):
    np.savez(path, **({"positions": WALK, "joints": np.array(JOINTS)} | arrays))
    return path


def dump(path, **values):
    path.write_text(json.dumps({"positions": WALK.tolist(), "joints": list(JOINTS)} | values))
    return path


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


class Bomb:
    """An object that would write a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


# What is read


def test_npz_json_and_csv_give_the_same_walk(tmp_path):
    save(tmp_path / "a.npz")
    dump(tmp_path / "a.json")
    header = ",".join(f"{joint}_{axis}" for joint in JOINTS for axis in "xyz")
    rows = "\n".join(",".join(map(str, frame)) for frame in WALK.reshape(4, 9))
    (tmp_path / "a.csv").write_text(f"{header}\n{rows}\n")
    for name in ("a.npz", "a.json", "a.csv"):
        (walk,) = read_skeletons(tmp_path / name)
        assert walk.joints == JOINTS
        assert walk.positions.dtype == np.float32
        np.testing.assert_array_equal(walk.positions, WALK)


def test_a_file_of_several_walks_gives_each_its_cycle(tmp_path):
    save(tmp_path / "a.npz", poses=np.stack([WALK, WALK + 1]), period=np.array([2, 4]))
    content = dict(np.load(tmp_path / "a.npz"))
    content.pop("positions")
    np.savez(tmp_path / "b.npz", **content)
    walks = read_skeletons(tmp_path / "b.npz")
    assert [walk.cycle_frames for walk in walks] == [2, 4]
    np.testing.assert_array_equal(walks[1].positions, WALK + 1)


def test_one_cycle_length_holds_for_all_walks(tmp_path):
    save(tmp_path / "a.npz", positions=np.stack([WALK, WALK]), cycle_frames=3, rate_hz=29.97)
    walks = read_skeletons(tmp_path / "a.npz")
    assert [(walk.cycle_frames, walk.rate_hz) for walk in walks] == [(3, 29.97), (3, 29.97)]


def test_z_up_is_turned_to_y_up_and_left_stays_left(tmp_path):
    z_up = np.zeros((1, 3, 3), np.float32)
    z_up[0, 0] = (1, 2, 3)  # 1 to the side, 2 ahead, 3 up
    (walk,) = read_skeletons(save(tmp_path / "a.npz", positions=z_up, up="z"))
    np.testing.assert_array_equal(walk.positions[0, 0], (1, 3, -2))
    axes = np.eye(3, dtype=np.float32)[None]
    (turned,) = read_skeletons(save(tmp_path / "b.npz", positions=axes, up="z"))
    assert np.linalg.det(turned.positions[0]) == pytest.approx(1)  # a rotation, not a reflection


@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z", "Z", " +y", "-Y"])
@pytest.mark.parametrize("kind", [save, dump])
def test_any_of_six_axes_can_be_stated_as_up_and_left_stays_left(tmp_path, up, kind):
    axes = np.eye(3, dtype=np.float32)[None]
    (walk,) = read_skeletons(
        kind(tmp_path / f"a.{'npz' if kind is save else 'json'}", up=up, positions=axes.tolist())
    )
    name = up.strip().lower().lstrip("+")
    sign, axis = (-1 if name[0] == "-" else 1), "xyz".index(name[-1])
    np.testing.assert_array_equal(sign * walk.positions[0, axis], (0, 1, 0))
    assert np.linalg.det(walk.positions[0]) == pytest.approx(1)
    assert walk.is_up_stated


def test_up_is_not_taken_as_stated_where_it_is_absent_or_null(tmp_path):
    for path in (save(tmp_path / "a.npz"), dump(tmp_path / "a.json", up=None)):
        assert not read_skeletons(path)[0].is_up_stated


@pytest.mark.parametrize("joints", [[["a"], ["b", "c"]], [["a", "b", "c"]], [1, 2, 3], [None] * 3, {"a": 1}])
def test_joints_that_are_not_a_list_of_names_are_refused(tmp_path, joints):
    with pytest.raises(MediaError, match=r"a\.json: joints is not a list of names"):
        read_skeletons(dump(tmp_path / "a.json", joints=joints))


def test_many_joints_are_compared_quickly():
    names = tuple(f"joint {number}" for number in range(50_000))
    with pytest.raises(MediaError, match=r"joints are named twice: joint 7$"):
        Skeleton(np.zeros((1, 50_001, 3), np.float32), (*names, "joint 7"))


def test_a_file_without_joints_takes_the_order_of_the_call(tmp_path):
    np.savez(tmp_path / "a.npz", positions=WALK)
    (walk,) = read_skeletons(tmp_path / "a.npz", joints=["a", "b", "c"])
    assert walk.joints == ("a", "b", "c")
    with pytest.raises(
        MediaError, match=r"a\.npz: states no joint order: add `joints` to the file, or name one of"
    ):
        read_skeletons(tmp_path / "a.npz")


def test_joints_of_the_file_take_precedence_over_joints_of_the_call(tmp_path):
    (walk,) = read_skeletons(save(tmp_path / "a.npz"), joints=["a", "b", "c"])
    assert walk.joints == JOINTS


def test_joints_are_matched_by_name():
    walk = Skeleton(WALK, JOINTS)
    np.testing.assert_array_equal(walk.in_order(("neck", "root")), WALK[:, [2, 0]])
    with pytest.raises(MediaError, match="the skeleton lacks head; it has root, spine, neck"):
        walk.in_order(("root", "head"))


def test_the_two_orders_differ_in_sides_alone():
    ours, theirs = JOINT_ORDERS["bpm_gcn"], JOINT_ORDERS["emotion_gait"]
    assert sorted(ours) == sorted(theirs)
    assert len(set(ours)) == 16
    swapped = [name.replace("left", "L").replace("right", "left").replace("L", "right") for name in ours]
    assert tuple(swapped) == theirs
    assert {joint for bone in BONES for joint in bone} == set(ours)
    assert len(BONES) == 15


def test_an_order_is_a_name_or_a_list():
    assert joint_order("bpm_gcn") == JOINT_ORDERS["bpm_gcn"]
    assert joint_order("root, spine ,neck") == JOINTS
    with pytest.raises(UsageError, match=r"did you mean bpm_gcn\?"):
        joint_order("bpmgcn")


# What is refused: files that do not fit their suffix


@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\0" * 100, b"\xff\xfe\xfd" * 50, b"PK\x03\x04" + b"\0" * 40]
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=rf"a\{suffix}"):
        read_skeletons(path)


def test_a_missing_file_a_folder_and_another_suffix_are_refused(tmp_path):
    (tmp_path / "a.npz").mkdir()
    (tmp_path / "a.bvh").write_text("HIERARCHY")
    with pytest.raises(MediaError, match="does not exist or is not a file"):
        read_skeletons(tmp_path / "nothing.npz")
    with pytest.raises(MediaError, match="does not exist or is not a file"):
        read_skeletons(tmp_path / "a.npz")
    with pytest.raises(MediaError, match=r"is not a skeleton file; known suffixes are \.npz, \.json, \.csv"):
        read_skeletons(tmp_path / "a.bvh")


def test_a_file_larger_than_any_walk_is_refused_unread(tmp_path):
    with (tmp_path / "a.json").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)  # a sparse file: it takes no space on the disk
    with pytest.raises(MediaError, match=f"has {MAX_BYTES + 1} bytes"):
        read_skeletons(tmp_path / "a.json")


# What is refused: damaged npz


@pytest.mark.parametrize("compressed", [False, True])
def test_every_flipped_byte_of_an_npz_is_refused_or_reads_a_finite_walk(tmp_path, compressed):
    write = np.savez_compressed if compressed else np.savez
    write(tmp_path / "a.npz", positions=WALK, joints=np.array(JOINTS), cycle_frames=2)
    raw = (tmp_path / "a.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        member = archive.getinfo("positions.npy")
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 0xFF
        (tmp_path / "b.npz").write_bytes(changed)
        try:
            walks = read_skeletons(tmp_path / "b.npz")
        except MediaError:
            continue
        # The archive's directory holds dates and the like, which may change; the numbers may not.
        np.testing.assert_array_equal(walks[0].positions, WALK)
    assert member.file_size > WALK.nbytes


def test_every_truncation_of_an_npz_is_refused(tmp_path):
    raw = save(tmp_path / "a.npz").read_bytes()
    for length in range(1, len(raw), 13):
        (tmp_path / "b.npz").write_bytes(raw[:length])
        with pytest.raises(MediaError, match="truncated or not an npz file"):
            read_skeletons(tmp_path / "b.npz")


@pytest.mark.parametrize("cut", [0, 3, 60, 127, 129, 200])
def test_a_truncated_array_in_a_whole_archive_is_refused(tmp_path, cut):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("positions.npy", npy(WALK)[:cut])
        archive.writestr("joints.npy", npy(np.array(JOINTS)))
    with pytest.raises(MediaError, match=r"a\.npz"):
        read_skeletons(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "shape", ["(1000000000000, 3, 3)", "(99999999999999999999999, 3, 3)", "(-1, 3, 3)", "x", "()"]
)
def test_an_array_with_a_wrong_stated_shape_is_refused(tmp_path, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + WALK.tobytes()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("positions.npy", content)
        archive.writestr("joints.npy", npy(np.array(JOINTS)))
    with pytest.raises(MediaError):
        read_skeletons(tmp_path / "a.npz")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    raw = bytearray(save(tmp_path / "a.npz").read_bytes())
    place = raw.index(b"PK\x01\x02")  # the archive's directory, with the stated size of the first member
    raw[place + 24 : place + 28] = (2**32 - 2).to_bytes(4, "little")
    (tmp_path / "b.npz").write_bytes(raw)
    with pytest.raises(MediaError, match=rf"would unpack to \d+ bytes; at most {MAX_BYTES}"):
        read_skeletons(tmp_path / "b.npz")


@pytest.mark.parametrize("name", ["positions", "joints", "cycle_frames"])
def test_a_pickled_object_in_an_npz_is_never_opened(tmp_path, name):
    content = {"positions": WALK, "joints": np.array(JOINTS), "cycle_frames": 2}
    content[name] = np.array([Bomb(tmp_path / "harm")], dtype=object)
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(MediaError, match="holds a pickled object; objects are never loaded"):
        read_skeletons(tmp_path / "a.npz")
    assert not (tmp_path / "harm").exists()


def test_a_bare_pickle_named_npz_is_never_opened(tmp_path):
    np.array([Bomb(tmp_path / "harm")], dtype=object).dump(tmp_path / "a.npz")
    with pytest.raises(MediaError, match="truncated or not an npz file"):
        read_skeletons(tmp_path / "a.npz")
    assert not (tmp_path / "harm").exists()


# What is refused: content that is not a walk


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"positions": WALK[:, :2]}, "a skeleton has 2 joints, but 3 names are given"),
        ({"positions": WALK[0]}, "positions must be"),
        ({"positions": WALK[..., :2]}, r"positions \(frames, joints, 3\)"),
        ({"positions": WALK[:0]}, "a walk has 1 to"),
        ({"positions": WALK[None][:0]}, "holds no walk"),
        ({"positions": WALK.astype(complex)}, "not a regular array of numbers"),
        ({"positions": WALK.astype(str)}, "not a regular array of numbers"),
        ({"positions": WALK > 0}, "not a regular array of numbers"),
        ({"positions": WALK.astype("M8[s]")}, "not a regular array of numbers"),
        ({"positions": WALK * np.nan}, "NaN or infinite in 4 of 4 frames, first in frame 0"),
        ({"positions": WALK.astype(np.float64) * 1e300}, "NaN or infinite"),
        ({"joints": np.array(["root", "root", "neck"])}, "joints are named twice: root"),
        ({"up": "north"}, "states 'north' as the up direction; it must be one of x, -x, y, -y, z, -z"),
        ({"cycle_frames": 5}, "a cycle of 5 frames does not fit in a walk of 4"),
        ({"cycle_frames": 0}, "a cycle of 0 frames does not fit"),
        ({"cycle_frames": 1.5}, "counted in whole numbers"),
        ({"cycle_frames": np.nan}, "cycle_frames must be one number"),
        ({"cycle_frames": np.array([1, 2])}, "cycle_frames must be one number, or one for each of 1 walks"),
        ({"cycle_frames": "many"}, "cycle_frames is not a regular array of numbers"),
        ({"period": np.array([])}, "period must be one number"),
        ({"rate_hz": 0.0}, "frame rate of 0.0 Hz is not positive and finite"),
        ({"rate_hz": -30.0}, "frame rate of -30.0 Hz is not positive and finite"),
        ({"rate_hz": np.array([25.0, 30.0])}, "rate_hz must be one number"),
    ],
)
def test_invalid_content_is_refused_with_the_file_and_the_reason(tmp_path, arrays, message):
    with pytest.raises(MediaError, match=rf"(?s)a\.npz: .*{message}"):
        read_skeletons(save(tmp_path / "a.npz", **arrays))


def test_the_first_broken_frame_is_named(tmp_path):
    broken = WALK.copy()
    broken[2, 1, 1] = np.inf
    with pytest.raises(MediaError, match="NaN or infinite in 1 of 4 frames, first in frame 2"):
        read_skeletons(save(tmp_path / "a.npz", positions=broken))


def test_one_invalid_walk_does_not_affect_the_others(tmp_path):
    path = save(tmp_path / "a.npz", positions=np.stack([WALK, WALK * np.nan, WALK]))
    assert [type(walk) for walk in read_each_skeleton(path)] == [Skeleton, MediaError, Skeleton]
    with pytest.raises(MediaError, match=r"walk 1 of .*a\.npz: coordinates are NaN or infinite in 4 of 4"):
        read_skeletons(path)


def test_the_error_for_other_arrays_lists_them(tmp_path):
    np.savez(tmp_path / "a.npz", joints=np.array(JOINTS), frames=WALK)
    with pytest.raises(MediaError, match="holds neither positions nor poses, only joints"):
        read_skeletons(tmp_path / "a.npz")


# What is refused: JSON


@pytest.mark.parametrize("text", ["[]", "null", "3", '"walk"', "true"])
def test_json_that_is_not_an_object_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(MediaError, match="must hold an object"):
        read_skeletons(tmp_path / "a.json")


@pytest.mark.parametrize(
    "text", ["{", '{"positions": [1,', "[" * 200_000, '{"a": NaNN}', "{'a': 1}", "9" * 5000]
)
def test_json_garbage_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(MediaError, match="is not JSON"):
        read_skeletons(tmp_path / "a.json")


@pytest.mark.parametrize(
    "positions", [None, 3, "walk", [], [[]], [[[]]], {"a": 1}, [WALK[:1].tolist(), [[]]]]
)
def test_invalid_json_positions_are_refused(tmp_path, positions):
    with pytest.raises(MediaError, match=r"a\.json"):
        read_skeletons(dump(tmp_path / "a.json", positions=positions))


@pytest.mark.parametrize("number", [None, "1", True, 10**400, 1e39, float("nan"), [1]])
def test_json_coordinates_that_are_not_finite_numbers_are_refused(tmp_path, number):
    with pytest.raises(MediaError, match=r"a\.json"):
        read_skeletons(dump(tmp_path / "a.json", positions=[[[number] * 3] * 3]))


@pytest.mark.parametrize("name", ["joints", "up", "cycle_frames", "rate_hz"])
@pytest.mark.parametrize("value", ["?", [], {}, [[1], [2]], {"a": [1]}, 10**400, float("inf")])
def test_invalid_json_fields_are_refused(tmp_path, name, value):
    with pytest.raises(MediaError, match=r"a\.json"):
        read_skeletons(dump(tmp_path / "a.json", **{name: value}))


def test_json_fields_that_are_null_count_as_absent(tmp_path):
    (walk,) = read_skeletons(dump(tmp_path / "a.json", cycle_frames=None, rate_hz=None))
    assert (walk.cycle_frames, walk.rate_hz) == (None, None)


# What is refused: CSV


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("root_x,root_y,root_z\n1,2,\n", "NaN or infinite in 1 of 1 frames"),
        ("root_x,root_y,root_z\n1,2\n", "NaN or infinite"),
        ("root_x,root_y,root_z\n1,2,3\n1,,3\n", "first in frame 1"),
        ("root_x,root_y,root_z\n1,2,three\n", "no number in column root_z"),
        ("root_x,root_y,root_z\n1,2,nan\n", "NaN or infinite"),
        ("root_x,root_y,root_z\n1,2,1e999\n", "NaN or infinite"),
        ("root_x,root_y,root_z\n1,2,1e39\n", "NaN or infinite"),
        ("root_x,root_y\n1,2\n", "no column root_z"),
        ("root_x,root_y,root_z\n1,2,3,4\n", "rows longer than its first line"),
        ("root_x,root_x,root_y,root_z\n1,2,3,4\n", "names a column twice"),
        ("root_x,root_y,root_z\n", "frames"),
        ("a,b,c\n1,2,3\n", "needs columns root_x, root_y, root_z"),
        ('root_x,root_y,root_z\n"1,2,3\n', "cannot be read: line [12]: "),
        ("root_x,root_y,root_z\n1,2," + "9" * 200_000 + "\n", "cannot be read: line [12]: "),
    ],
)
def test_an_invalid_csv_is_refused_with_the_reason(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(MediaError, match=rf"(?s)a\.csv.*{message}"):
        read_skeletons(tmp_path / "a.csv")


# The object itself


@pytest.mark.parametrize("shape", [(3, 3), (1, 3, 2), (1, 2, 3), (0, 3, 3), (1, 1, 3, 3)])
def test_a_skeleton_of_the_wrong_shape_is_refused(shape):
    with pytest.raises(MediaError):
        Skeleton(np.zeros(shape, np.float32), JOINTS)


def test_the_emotion_gait_file_is_read_as_any_other(shared):
    path = shared / "data" / "emotion_gait" / "gaits.npz"
    walks = read_skeletons(path, joints=JOINT_ORDERS["emotion_gait"])
    assert len(walks) == 294
    assert min(walk.cycle_frames or 0 for walk in walks) >= 18
