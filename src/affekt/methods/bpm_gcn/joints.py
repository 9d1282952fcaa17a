"""The sixteen joints, in the order of the published weights, and the skeleton graph."""

from __future__ import annotations

from affekt.media.skeleton import JOINT_ORDERS

JOINTS = JOINT_ORDERS["bpm_gcn"]

# Parent of each joint, towards the root.
PARENTS = {
    "spine": "root",
    "neck": "spine",
    "head": "neck",
    **{
        f"{side}_{child}": parent
        for side in ("right", "left")
        for child, parent in (("shoulder", "neck"), ("hip", "root"))
    },
    **{
        f"{side}_{child}": f"{side}_{parent}"
        for side in ("right", "left")
        for child, parent in (("elbow", "shoulder"), ("hand", "elbow"), ("knee", "hip"), ("foot", "knee"))
    },
}
