"""Skeletons: joint positions over time."""

from affekt.media.arrays import MAX_BYTES
from affekt.media.skeleton.skeleton import (
    BONES,
    JOINT_ORDERS,
    MAX_FRAMES,
    SUFFIXES,
    Skeleton,
    joint_order,
    read_each_skeleton,
    read_skeletons,
)

__all__ = [
    "BONES",
    "JOINT_ORDERS",
    "MAX_BYTES",
    "MAX_FRAMES",
    "SUFFIXES",
    "Skeleton",
    "joint_order",
    "read_each_skeleton",
    "read_skeletons",
]
