"""Exported graphs in the forms that engines recognise and compute in one pass."""

from __future__ import annotations

import onnx
from onnx import NodeProto


def rewrite(model: onnx.ModelProto) -> None:
    """Rewrite a graph in place; its answers stay the same up to rounding.

    The exporter writes GELU as `x * (0.5 * (1 + erf(x / sqrt(2))))`. ONNX Runtime computes it in one pass if
    it reads `(x * (1 + erf(x / sqrt(2)))) * 0.5`. Types that are stated for initializers are left out: they
    add nothing, and would be wrong once an initializer is replaced.
    """
    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type == "Mul":
            _put_half_last(node, made_by)
    held = {tensor.name for tensor in graph.initializer}
    kept = [value for value in graph.value_info if value.name not in held]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def _put_half_last(outer: NodeProto, made_by: dict[str, NodeProto]) -> None:
    """Exchange `x` and 0.5 in `x * (0.5 * (1 + erf(...)))`."""
    for x, product in (tuple(outer.input), tuple(reversed(outer.input))):
        inner = made_by.get(product)
        if inner is None or inner.op_type != "Mul":
            continue
        for half, shifted in (tuple(inner.input), tuple(reversed(inner.input))):
            if half not in made_by and _is_of(shifted, "Add", made_by) and _adds_erf(shifted, made_by):
                inner.input[:] = [x, shifted]
                outer.input[:] = [product, half]
                return


def _adds_erf(name: str, made_by: dict[str, NodeProto]) -> bool:
    return any(_is_of(one, "Erf", made_by) for one in made_by[name].input)


def _is_of(name: str, kind: str, made_by: dict[str, NodeProto]) -> bool:
    return name in made_by and made_by[name].op_type == kind
