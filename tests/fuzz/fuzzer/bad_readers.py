"""Readers that end in each of the outcomes: they test the fuzzer itself."""

import math
import os
import signal
import time

from affekt.core.errors import MediaError
from fuzzer.reader import Reader


def _refuse(path):
    raise MediaError(f"{path} cannot be used")


READERS = {
    "ends by a signal": Reader(lambda path: os.kill(os.getpid(), signal.SIGSEGV)),
    "never ends": Reader(lambda path: time.sleep(1000)),
    "fills memory": Reader(lambda path: len(b"x" * 2**31)),
    "raises a KeyError": Reader(lambda path: {}[path]),
    "answers NaN": Reader(lambda path: {"scores": [math.nan]}),
    "refuses": Reader(_refuse),
    "answers": Reader(lambda path: {"scores": [1.0]}),
}
