"""Video: files and folders of frames, read by frame number."""

from affekt.media.video.read import SUFFIXES, UNSTATED_RATE, Video, VideoFrames, open_video, video_of

__all__ = ["SUFFIXES", "UNSTATED_RATE", "Video", "VideoFrames", "open_video", "video_of"]
