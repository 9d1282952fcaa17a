"""Detectors of voice activity by name, and the voice vectors that are on this computer."""

from __future__ import annotations

from collections.abc import Callable

from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.media.voices import resemblyzer, silero
from affekt.media.voices.activity import VoiceActivity
from affekt.media.voices.energy import EnergyActivity
from affekt.media.voices.vectors import VoiceVectors

ACTIVITIES: dict[str, Callable[[], VoiceActivity]] = {
    "silero": silero.SileroVad,
    "energy": EnergyActivity,
}


def open_activity(name: str = "auto") -> VoiceActivity:
    """A detector of voice activity.

    Args:
        name: One of `ACTIVITIES`; `auto` is Silero VAD if it is on this computer, else the one by energy.

    Raises:
        UsageError: There is no such detector.
        AssetError: Its network is missing or damaged.
    """
    if name == "auto":
        name = "silero" if copies(find_asset(silero.ASSET)) else "energy"
    if name not in ACTIVITIES:
        raise UsageError(
            f"no detector of voice activity is called {name!r}; {suggest(name, ['auto', *ACTIVITIES])}"
        )
    return ACTIVITIES[name]()


def open_vectors() -> VoiceVectors | None:
    """The network of voice vectors; None if it is not on this computer.

    Raises:
        AssetError: It is damaged.
    """
    if not copies(find_asset(resemblyzer.ASSET)):
        return None
    return resemblyzer.ResemblyzerVectors()
