"""CenterFace on real clips, and networks that are freed of their size."""

import numpy as np
import pytest

from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.core.errors import FolderError
from affekt.media.detection.centerface import ASSET, CenterFace
from affekt.media.detection.detector import intersection_over_union
from affekt.media.detection.free_sizes import with_free_sizes
from affekt.media.detection.network import Network
from affekt.media.video import open_video

needs_asset = pytest.mark.skipif(
    not copies(find_asset(ASSET)), reason=f"needs the asset {ASSET}: affekt assets get {ASSET}"
)


@pytest.fixture(scope="module")
def centerface():
    return CenterFace(threads=1)


@needs_asset
def test_one_face_is_found_in_each_frame_of_a_real_clip(centerface, shared):
    video = open_video(shared / "data" / "media_samples" / "WolfgangLanger_Pexels.mp4")
    found = [centerface.detect(frame) for frame in video.read(range(0, len(video), 40))]
    assert [len(one.boxes) for one in found] == [1] * 12
    for one in found:
        left, top, right, bottom = one.boxes[0]
        assert (one.landmarks[0] > [left, top]).all() and (one.landmarks[0] < [right, bottom]).all()
        (eye, other_eye, nose, mouth, other_mouth) = one.landmarks[0]
        assert eye[0] < nose[0] < other_eye[0] and mouth[0] < other_mouth[0]
        assert max(eye[1], other_eye[1]) < nose[1] < min(mouth[1], other_mouth[1])


@needs_asset
def test_no_face_is_found_in_a_cartoon(centerface, shared):
    video = open_video(shared / "data" / "media_samples" / "no_face.mp4")
    assert [len(centerface.detect(frame).boxes) for frame in video.read(range(0, len(video), 20))] == [0] * 5


@needs_asset
def test_the_size_of_the_frame_hardly_changes_a_box(centerface, shared):
    video = open_video(shared / "data" / "media_samples" / "WolfgangLanger_Pexels.mp4")
    whole = centerface.detect(video.read([100])[0]).boxes
    small = centerface.detect(video.read([100], height=200)[0]).boxes * (360 / 200)
    assert intersection_over_union(whole, small)[0, 0] > 0.9


@needs_asset
def test_a_picture_smaller_than_a_cell_is_searched(centerface):
    assert len(centerface.detect(np.zeros((1, 3, 3), np.uint8)).boxes) == 0


@pytest.fixture(scope="module")
def frozen():
    """A convolution frozen to 4 pictures of 8 x 8, with its weights listed as inputs."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "weights"], ["middle"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["middle"], ["out"]),
        ],
        "frozen",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, (4, 3, 8, 8)),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, weights.shape),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, (4, 2, 8, 8))],
        [numpy_helper.from_array(weights, "weights")],
        value_info=[helper.make_tensor_value_info("middle", TensorProto.FLOAT, (4, 2, 8, 8))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=4)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def test_a_frozen_network_takes_any_size_and_computes_the_same(frozen):
    onnx = pytest.importorskip("onnx")
    freed = with_free_sizes(frozen)
    onnx.checker.check_model(onnx.load_from_string(freed), full_check=True)
    before, after = Network(frozen, "frozen", 1), Network(freed, "freed", 1)
    assert [port.name for port in after.inputs] == ["image"]
    pictures = np.random.default_rng(1).uniform(size=(4, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(
        after({"image": pictures}, ["out"])[0], before({"image": pictures}, ["out"])[0], atol=1e-6
    )
    assert after({"image": np.zeros((1, 3, 12, 20), np.float32)}, ["out"])[0].shape == (1, 2, 12, 20)
    with pytest.raises(FolderError, match="frozen cannot be computed"):
        before({"image": np.zeros((1, 3, 12, 20), np.float32)}, ["out"])


@pytest.mark.parametrize("cut", [1, 7, 60, 200])
def test_a_model_that_is_cut_off_is_refused(frozen, cut):
    with pytest.raises(FolderError, match="not an ONNX model, or it is cut off"):
        with_free_sizes(frozen[:-cut])
