"""The sixteen joints, in the order of the method's published weights, and how they hang together."""

from __future__ import annotations

from affekt.media.skeleton import JOINT_ORDERS

JOINTS = JOINT_ORDERS["bpm_gcn"]

# The joint each joint hangs on, seen from the root.
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
