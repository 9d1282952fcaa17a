"""Detectors in ONNX files: what the convention allows, and what is refused with a reason."""

import numpy as np
import pytest

from affekt.core.errors import FolderError, UsageError
from affekt.media.detection import Detector, open_detector

WHITE = np.full((90, 120, 3), 255, np.uint8)
BLACK = np.zeros((90, 120, 3), np.uint8)
BOXES = [[8, 16, 24, 40], [50, 20, 70, 44]]


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((1, 3, "h", "w"), "float32"), (("b", 3, "h", "w"), "float32"), (("b", "h", "w", 3), "uint8")],
)
def test_a_network_of_any_size_gives_boxes_in_pixels_of_the_frame(write_detector, tmp_path, shape, dtype):
    path = write_detector(tmp_path / "faces.onnx", BOXES, shape=shape, dtype=dtype)
    detector = open_detector(str(path), confidence=0.4)
    assert isinstance(detector, Detector)
    found = detector.detect(WHITE)
    np.testing.assert_array_equal(found.boxes, BOXES)
    assert found.scores.tolist() == pytest.approx([WHITE.size / (96 * 128 * 3)] * 2)  # of the padded picture
    assert len(detector.detect(BLACK).boxes) == 0


def test_boxes_of_a_network_of_one_size_are_scaled_back(write_detector, tmp_path):
    path = write_detector(tmp_path / "faces.onnx", BOXES, shape=(1, 3, 60, 60))
    found = open_detector(str(path), confidence=0.4).detect(WHITE)  # reduced to 45 x 60, to the half
    np.testing.assert_allclose(found.boxes, 2.0 * np.clip(BOXES, 0, [60, 45, 60, 45]))


def test_large_frames_are_reduced_to_the_stated_longer_side(write_detector, tmp_path):
    path = write_detector(tmp_path / "faces.onnx", [[0, 0, 32, 32]])
    found = open_detector(str(path), confidence=0.1, longest_px=64).detect(WHITE)
    np.testing.assert_allclose(found.boxes, [[0, 0, 60, 60]])  # 64 of 120 pixels: 32 become 60


def test_boxes_that_leave_the_frame_are_cut_and_empty_ones_left_out(write_detector, tmp_path):
    boxes = [[-10, -10, 20, 20], [130, 10, 150, 30], [30, 30, 30, 50], [float("nan")] * 4, [60, 60, 500, 500]]
    path = write_detector(tmp_path / "faces.onnx", boxes)
    found = open_detector(str(path), confidence=0.4).detect(WHITE)
    np.testing.assert_array_equal(found.boxes, [[0, 0, 20, 20], [60, 60, 120, 90]])


def test_of_boxes_of_one_thing_one_is_kept(write_detector, tmp_path):
    path = write_detector(tmp_path / "faces.onnx", [[10, 10, 50, 50], [12, 10, 52, 50], [60, 10, 90, 50]])
    assert len(open_detector(str(path), confidence=0.4).detect(WHITE).boxes) == 2


def test_the_stated_class_is_kept_of_several(write_detector, tmp_path):
    labels = np.array([1, 2], np.int64)
    path = str(write_detector(tmp_path / "things.onnx", BOXES, labels=labels))
    found = open_detector(path, confidence=0.4, label=2).detect(WHITE)
    np.testing.assert_array_equal(found.boxes, BOXES[1:])
    with pytest.raises(UsageError, match=r"several classes: state the one that is kept: label"):
        open_detector(path)


def test_landmarks_are_scaled_and_ordered_like_their_boxes(write_detector, tmp_path):
    points = np.arange(20, dtype=np.float32).reshape(2, 5, 2)
    path = write_detector(tmp_path / "faces.onnx", BOXES[::-1], shape=(1, 3, 60, 60), landmarks=points)
    found = open_detector(str(path), confidence=0.4).detect(WHITE)
    np.testing.assert_allclose(found.landmarks, 2 * points[::-1])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"outputs": {"boxes": "output0"}}, r"outputs output0 \(2, 4\) float, .*and no boxes; expected is"),
        ({"shape": (4, 3, 32, 32)}, r"input image \(4, 3, 32, 32\) float; expected is"),
        ({"shape": (1, 1, "h", "w")}, r"input image \(1, 1, \?, \?\) float; expected is"),
        ({"dtype": "float64"}, r"input image .* double; expected is"),
        ({"shape": (1, 3, 32, "w")}, "fix both height and width, or neither"),
    ],
)
def test_other_conventions_are_refused_with_what_was_found(write_detector, tmp_path, settings, reason):
    path = write_detector(tmp_path / "faces.onnx", BOXES, **settings)
    with pytest.raises(FolderError, match=reason):
        open_detector(str(path))


def test_outputs_of_another_shape_are_refused_when_they_appear(write_detector, tmp_path):
    path = write_detector(tmp_path / "faces.onnx", BOXES, landmarks=np.zeros((2, 6, 2), np.float32))
    with pytest.raises(FolderError, match=r"landmarks of shape \(2, 6, 2\), expected \(2, 5, 2\)"):
        open_detector(str(path)).detect(WHITE)


def test_what_is_no_network_or_no_detector_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(
        FolderError, match=r"text\.onnx cannot be loaded: it does not begin like an ONNX graph"
    ):
        open_detector("text.onnx", folder=tmp_path)
    with pytest.raises(UsageError, match=r"gone\.onnx does not exist"):
        open_detector("gone.onnx", folder=tmp_path)
    with pytest.raises(UsageError, match="did you mean centerface"):
        open_detector("centreface")


def _changed(path, kind):
    """A valid detector, made into one that an engine must not see."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(path)
    if kind == "file":
        weights = model.graph.initializer[0]
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        entry = weights.external_data.add()
        entry.key, entry.value = "location", "secret.bin"
    elif kind == "loop":
        body = onnx.helper.make_graph([], "body", [], [])
        model.graph.node.append(onnx.helper.make_node("Loop", ["", ""], ["never"], body=body))
    elif kind == "operator":
        model.graph.node[-1].domain = "own"
    elif kind == "size":
        model.graph.initializer[0].dims[0] = 2**40
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("file", "values outside of the graph"),
        ("loop", "it uses Loop"),
        ("operator", "of 'own'"),
        ("size", "which needs"),
    ],
)
def test_a_network_that_reads_files_or_may_not_end_reaches_no_engine(
    write_detector, tmp_path, monkeypatch, kind, reason
):
    path = write_detector(tmp_path / "faces.onnx", BOXES)
    _changed(path, kind)
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *given, **named: pytest.fail("it was opened"))
    with pytest.raises(FolderError, match=reason):
        open_detector(str(path))


def test_a_network_of_an_older_exporter_lists_its_weights_as_inputs(write_detector, tmp_path):
    onnx = pytest.importorskip("onnx")
    path = write_detector(tmp_path / "faces.onnx", BOXES)
    model = onnx.load(path)
    model.ir_version = 3
    model.opset_import[0].version = 9
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 1))
    for one in model.graph.initializer:
        model.graph.input.append(onnx.helper.make_tensor_value_info(one.name, one.data_type, one.dims))
    path.write_bytes(model.SerializeToString())
    assert len(open_detector(str(path)).detect(WHITE).boxes) == 2


def test_the_digest_changes_with_all_that_boxes_depend_on(write_detector, tmp_path):
    one = str(write_detector(tmp_path / "one.onnx", BOXES))
    other = str(write_detector(tmp_path / "other.onnx", BOXES[:1]))
    digests = [
        open_detector(one).digest,
        open_detector(one, confidence=0.3).digest,
        open_detector(one, longest_px=320).digest,
        open_detector(other).digest,
    ]
    assert len(set(digests)) == 4
    assert open_detector(one).digest == digests[0]
