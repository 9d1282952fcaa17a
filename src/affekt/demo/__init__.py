"""Demos: the whole workflow on generated data, offline, for walks and for clips with sound."""

from affekt.demo.clips import run_video_demo
from affekt.demo.loop import DemoResult
from affekt.demo.walks import run_demo

__all__ = ["DemoResult", "run_demo", "run_video_demo"]
