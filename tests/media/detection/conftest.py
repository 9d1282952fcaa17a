"""Small ONNX networks in the place of detectors."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_detector():
    """A detector in an ONNX file that gives fixed boxes; their score is the mean brightness of the picture.

    So a white picture has all of them, and a black one none.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    kind_of = helper.np_dtype_to_tensor_dtype

    def write(path, boxes, *, shape=(1, 3, "h", "w"), dtype="float32", outputs=None, **more):
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        kind = {"float32": TensorProto.FLOAT, "uint8": TensorProto.UINT8, "float64": TensorProto.DOUBLE}[
            dtype
        ]
        names = {"boxes": "boxes", "scores": "scores", **(outputs or {})}
        constants = {
            "fixed": boxes,
            "zeros": np.zeros(len(boxes), np.float32),
            "full": np.float32(255),
            **{f"fixed_{name}": value for name, value in more.items()},
        }
        nodes = [
            helper.make_node("Cast", ["image"], ["values"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["values"], ["mean"], keepdims=0),
            helper.make_node("Div", ["mean", "full"], ["share"]),
            helper.make_node("Add", ["zeros", "share"], [names["scores"]]),
            helper.make_node("Identity", ["fixed"], [names["boxes"]]),
            *(helper.make_node("Identity", [f"fixed_{name}"], [name]) for name in more),
        ]
        graph = helper.make_graph(
            nodes,
            "detector",
            [helper.make_tensor_value_info("image", kind, shape)],
            [
                helper.make_tensor_value_info(names["boxes"], TensorProto.FLOAT, boxes.shape),
                helper.make_tensor_value_info(names["scores"], TensorProto.FLOAT, (len(boxes),)),
                *(
                    helper.make_tensor_value_info(name, kind_of(value.dtype), value.shape)
                    for name, value in more.items()
                ),
            ],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())
        return path

    return write
