"""Stopping a training on request: Ctrl-C (SIGINT), or SIGTERM, as clusters send it."""

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
from affekt.core.wording import counted
from affekt.engine.runs.run import Run

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingStopped(KeyboardInterrupt):
    """A signal ended a training before its last epoch; complete epochs are kept.

    It is a `KeyboardInterrupt`, not an `Exception`, so that a script which handles errors does not continue
    with an unfinished run.

    Attributes:
        run: The run folder; None if it was not made yet.
        epoch: Complete epochs, after which `resume` continues.
        epochs: All epochs of the recipe.
        exit_code: Exit code for a program that ends because of it: 130 after SIGINT, 143 after SIGTERM.
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
        """How many epochs are complete."""
        if not self.epoch:
            return f"stopped before the first of {counted(self.epochs, 'epoch')} was complete"
        return f"stopped after epoch {self.epoch} of {self.epochs}"


class StopSignal(BaseException):
    """Raised when a signal arrives. Not an `Exception`: code that skips broken items must not catch it."""


class StopRequest:
    """Handles the signals that stop a training.

    Attributes:
        signum: The signal that arrived; 0 if none did.
    """

    def __init__(self, handled: tuple[signal.Signals, ...] = ()) -> None:
        """Args:
        handled: Signals that stop the training; empty outside of the main thread.
        """
        self.signum = 0
        self._handled, self._owner = handled, os.getpid()

    def install(self) -> None:
        """Set the handlers; called again after a library has set its own."""
        for number in self._handled:
            signal.signal(number, self._stop)

    def check(self) -> None:
        """Raise again, if the exception of a signal was lost, as in a destructor.

        Raises:
            StopSignal: A signal arrived.
        """
        if self.signum:
            raise StopSignal(self.signum)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        for number in self._handled:  # a second signal ends the process at once
            signal.signal(number, signal.SIG_DFL)
        if os.getpid() != self._owner and signum == signal.SIGINT:
            raise KeyboardInterrupt  # a forked worker of a data loader expects this
        if os.getpid() != self._owner or self.signum:
            os.kill(os.getpid(), signum)
            return
        self.signum = signum
        raise StopSignal(signum)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into `StopSignal`; a second one ends the process at once.

    Signals that are ignored when this is called stay ignored. Only the main thread can handle signals: in
    other threads nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield StopRequest()
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # None: the handler was not set from Python and could not be restored.
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
    """A training that has begun, to report its state if it ends early.

    Attributes:
        run: None before the folder is known.
        trains: Whether all checks are done, and epochs are computed.
    """

    recipe: Recipe
    run: Run | None = None
    trains: bool = False

    def stopped(self, signum: int) -> TrainingStopped:
        """The exception to raise after a signal."""
        done = self.run.epochs_done if self.run else 0
        return TrainingStopped(signum, self.run.path if self.run else None, done, self.recipe.train.epochs)

    @contextmanager
    def logged(self, file: logging.Handler) -> Iterator[None]:
        """Log the state of a training that is stopped or fails.

        Args:
            file: Handler of the log file of the run; the caller reports a stop on the terminal.
        """
        try:
            yield
        except (StopSignal, SystemExit):
            text = self.stopped(0).state
            file.handle(logging.LogRecord(log.name, logging.INFO, __file__, 0, text, None, None))
            raise
        except Exception as error:
            if isinstance(error, AffektError) and not self.trains:  # the error says all
                raise
            more = (
                "" if isinstance(error, AffektError) else "; --resume continues after the last complete epoch"
            )
            log.warning("an error ended the training: %s%s", self.stopped(0).state, more)
            raise
