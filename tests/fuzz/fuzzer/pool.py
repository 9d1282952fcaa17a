"""Child processes that are reused from case to case, and replaced where a case ended or froze one."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

from fuzzer.outcomes import Outcome

START_S = 120.0  # for imports, on a busy machine


class Child:
    """A child process.

    Args:
        readers: Which readers it prepares.
        limit_s: Longest time for a case.
    """

    def __init__(self, readers: list[str], *, limit_s: float) -> None:
        self.readers, self.limit_s = readers, limit_s
        self._process: subprocess.Popen[str] | None = None

    def run(self, case: str, reader: str, path: Path) -> Outcome:
        """Read a file in the child."""
        process = self.start()
        assert process.stdin is not None
        process.stdin.write(json.dumps({"reader": reader, "path": str(path)}) + "\n")
        process.stdin.flush()
        answer = self._line(process, self.limit_s)
        if answer is not None:
            return Outcome(answer["kind"], case, answer["detail"])
        code = process.poll()
        self.end()
        if code is None:
            return Outcome("hang", case, f"more than {self.limit_s:g} s")
        return Outcome("signal", case, f"the process ended with {code}")

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def start(self) -> subprocess.Popen[str]:
        """The process, which is started if it does not run."""
        if self._process is None:
            command = [sys.executable, "-m", "fuzzer.child", *self.readers]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env=environment,
            )  # fmt: skip
            if self._line(self._process, START_S) is None:
                code = self._process.poll()
                self.end()
                raise RuntimeError(f"the child does not start (exit {code}): python -m fuzzer.child")
        return self._process

    def _line(self, process: subprocess.Popen[str], limit_s: float) -> dict | None:
        """The next answer; None where the process ended or takes too long."""
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], limit_s)[0]:
            return None
        line = process.stdout.readline()
        if not line:
            process.wait(10)
            return None
        return json.loads(line)
