"""Run a benchmark that has no parts within the limits of all benchmarks: ten minutes and 4 GB by default.

    python benchmarks/within.py [--seconds 600] [--gigabytes 4] benchmarks/video.py [its flags]

A benchmark that goes beyond them is ended, which is printed with the limit; its report is then the old one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from limits import POLL_S, Limits, end_family


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    Limits.add_to(parser)
    parser.add_argument("script", help="path of the benchmark")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its flags")
    given = parser.parse_args()
    limits = Limits.of(given)
    end, reason = limits.end(), ""
    process = subprocess.Popen([sys.executable, given.script, *given.arguments])
    try:
        while process.poll() is None and not (reason := limits.beyond(process.pid, end)):
            time.sleep(POLL_S)
    finally:
        end_family(process.pid)
    if reason:
        print(
            f"{given.script} was ended, {reason}: nothing of it was written. Give smaller sizes, or larger "
            f"limits: --seconds above {limits.seconds:g}, --gigabytes above {limits.gigabytes:g}"
        )
        return 1
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
