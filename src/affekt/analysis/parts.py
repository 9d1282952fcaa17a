"""Parts from packages that an analysis uses: the detector of faces, of speech, and others."""

from __future__ import annotations

from affekt.analysis.found import OpenMedium
from affekt.analysis.networks import Networks
from affekt.analysis.settings import AnalysisSettings
from affekt.assets.fetch import fetch
from affekt.assets.places import copies
from affekt.assets.registry import find_asset, list_assets

ACTIVITY, VECTORS = "silero_vad", "resemblyzer"  # names of assets


def needed_parts(medium: OpenMedium, networks: Networks, settings: AnalysisSettings) -> list[str]:
    """Names of the assets that the stages of a medium use."""
    has_picture = medium.video is not None or medium.picture is not None
    faces = [settings.faces.detector] if has_picture and networks.one("face") else []
    voices: list[str] = []
    if medium.sound is not None and networks.one("voice"):
        voices += [] if settings.voices.detector == "energy" else [ACTIVITY]
        voices += [] if settings.voices.speakers == "one" else [VECTORS]
    known = {asset.name for asset in list_assets()}
    return [name for name in (*faces, *voices) if name in known]


def get_parts(medium: OpenMedium, networks: Networks, settings: AnalysisSettings) -> list[str]:
    """Fetch the parts that are not on this computer; it opens a connection for these.

    Returns:
        Names of the parts that were fetched.

    Raises:
        AssetError: pip fails, or a part is not the one that the registry describes.
    """
    return [name for name in needed_parts(medium, networks, settings) if fetch(find_asset(name)).is_new]


def parts_here() -> dict[str, str]:
    """The versions of the parts that are on this computer, on which results depend."""
    return {asset.name: asset.version for asset in list_assets() if copies(asset)}
