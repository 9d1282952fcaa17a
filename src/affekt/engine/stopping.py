"""A training that is asked to stop, by Ctrl-C (SIGINT) or by a cluster (SIGTERM)."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from affekt.core.errors import AffektError
from affekt.core.recipe import Recipe
from affekt.engine.run import Run

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingStopped(KeyboardInterrupt):
    """A signal ended a training before its last epoch; epochs that were complete are kept.

    It is a `KeyboardInterrupt`, so that a script which handles errors and goes on to its next step does not
    take the run for a finished one.

    Attributes:
        run: The run folder; None where it was not made yet.
        epoch: Complete epochs, from which `resume` continues.
        epochs: All epochs of the recipe.
        exit_code: What a program that was stopped so ends with: 130 after SIGINT, 143 after SIGTERM.
    """

    def __init__(self, signum: int, run: Path | None, epoch: int, epochs: int) -> None:
        self.run, self.epoch, self.epochs = run, epoch, epochs
        self.exit_code = 128 + signum
        advice = (
            "continue with train(..., resume=True)" if epoch else "start again with train(..., resume=True)"
        )
        super().__init__(f"{self.state}; {advice}")

    @property
    def state(self) -> str:
        """What there is to continue from."""
        if not self.epoch:
            return f"stopped before one of {self.epochs} epochs was complete"
        return f"stopped after epoch {self.epoch} of {self.epochs}"


class StopSignal(BaseException):
    """Raised where a signal arrives. No `Exception`, so that nothing that skips broken items swallows it."""


class StopRequest:
    """Whether a signal came, and what is done then.

    Attributes:
        signum: The signal; 0 before one came.
    """

    def __init__(self, handled: tuple[signal.Signals, ...] = ()) -> None:
        """Args:
        handled: Signals that stop the training; none outside of the main thread.
        """
        self.signum = 0
        self._handled, self._owner = handled, os.getpid()

    def install(self) -> None:
        """Handle the signals; called again where a library has put its own handlers in between."""
        for number in self._handled:
            signal.signal(number, self._stop)

    def check(self) -> None:
        """Stop here, where an exception that the signal raised was lost, as in a destructor.

        Raises:
            StopSignal: A signal came.
        """
        if self.signum:
            raise StopSignal(self.signum)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        for number in self._handled:  # a second signal ends the process at once
            signal.signal(number, signal.SIG_DFL)
        if os.getpid() != self._owner and signum == signal.SIGINT:
            raise KeyboardInterrupt  # a forked worker of a loader, which expects it
        if os.getpid() != self._owner or self.signum:
            os.kill(os.getpid(), signum)
            return
        self.signum = signum
        raise StopSignal(signum)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into `StopSignal`; a second one ends the process at once.

    Signals that the process was started to ignore stay ignored. Other threads than the main one cannot handle
    signals: there nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield StopRequest()
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # None: handled by something that is not Python, which could not be put back.
    handled = tuple(number for number, found in before.items() if found not in (signal.SIG_IGN, None))
    request = StopRequest(handled)
    try:
        request.install()
        yield request
    finally:
        for number in handled:
            signal.signal(number, before[number])


@dataclass
class Begun:
    """How far a training is: what is reported when it ends early.

    Attributes:
        run: None before the folder is known.
    """

    recipe: Recipe
    run: Run | None = None

    def stopped(self, signum: int) -> TrainingStopped:
        """What is raised after a signal."""
        done = self.run.epochs_done if self.run else 0
        return TrainingStopped(signum, self.run.path if self.run else None, done, self.recipe.train.epochs)

    @contextmanager
    def logged(self, file: logging.Handler) -> Iterator[None]:
        """Log how far a training came that does not end by itself.

        Args:
            file: Handler of the run's log; the caller reports a stop on the terminal.
        """
        try:
            yield
        except (StopSignal, SystemExit):
            text = self.stopped(0).state
            file.handle(logging.LogRecord(log.name, logging.INFO, __file__, 0, text, None, None))
            raise
        except Exception as error:
            more = "" if isinstance(error, AffektError) else "; --resume continues from there"
            log.warning("an error ended the training: %s%s", self.stopped(0).state, more)
            raise
