"""Video: files and folders of frames, read by frame number."""

from affekt.media.video.read import SUFFIXES, Video, VideoFrames, open_video, video_of

__all__ = ["SUFFIXES", "Video", "VideoFrames", "open_video", "video_of"]
