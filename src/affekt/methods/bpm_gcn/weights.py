"""Keys of the reference checkpoint (the same in its PyTorch release and the Jittor port)."""

from __future__ import annotations

from affekt.core.weights import KeyMap


def _stream(letter: str, ours: str) -> list[tuple[str, str]]:
    unit, here = f"l{{i+1}}_{letter}", f"{ours}.units.{{i}}"
    return [
        (f"data_bn_{letter}.{{}}", f"{ours}.norm.{{}}"),
        (f"{unit}.gcn1.PA", f"{here}.graph.learned"),
        (f"{unit}.gcn1.conv_a.{{}}", f"{here}.graph.query.{{}}"),
        (f"{unit}.gcn1.conv_b.{{}}", f"{here}.graph.key.{{}}"),
        (f"{unit}.gcn1.conv_d.{{}}", f"{here}.graph.value.{{}}"),
        (f"{unit}.gcn1.bn.{{}}", f"{here}.graph.norm.{{}}"),
        (f"{unit}.gcn1.down.0.{{}}", f"{here}.graph.shortcut.conv.{{}}"),
        (f"{unit}.gcn1.down.1.{{}}", f"{here}.graph.shortcut.norm.{{}}"),
        (f"{unit}.tcn1.conv.{{}}", f"{here}.temporal.conv.{{}}"),
        (f"{unit}.tcn1.bn.{{}}", f"{here}.temporal.norm.{{}}"),
        (f"{unit}.residual.conv.{{}}", f"{here}.residual.conv.{{}}"),
        (f"{unit}.residual.bn.{{}}", f"{here}.residual.norm.{{}}"),
        (f"fusion{{i+1}}.att_T_{letter}.fc1.{{}}", f"fusions.{{i}}.{ours}.time.squeeze.{{}}"),
        (f"fusion{{i+1}}.att_T_{letter}.fc2.{{}}", f"fusions.{{i}}.{ours}.time.expand.{{}}"),
        (f"fusion{{i+1}}.att_N_{letter}.fc1.{{}}", f"fusions.{{i}}.{ours}.joint.squeeze.{{}}"),
        (f"fusion{{i+1}}.att_N_{letter}.fc2.{{}}", f"fusions.{{i}}.{ours}.joint.expand.{{}}"),
        (f"fc1_classifier_{letter}.{{}}", f"{ours}.head.{{}}"),
    ]


WEIGHTS = KeyMap((*_stream("p", "posture"), *_stream("m", "movement"), ("fc2_aff.{}", "affective_head.{}")))
