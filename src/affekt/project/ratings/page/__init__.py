"""The local page on which a rater labels items with the keyboard.

Served by Starlette and uvicorn, the optional extra `serve`: they answer requests of ranges, without which a
browser cannot search in a video, and check hosts. The standard library's server does neither.
"""
