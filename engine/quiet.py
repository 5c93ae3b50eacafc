"""Model libraries without network and chatter. To be called before they are imported."""

import os


def silence_libraries() -> None:
    """No hub, no telemetry, no progress bars on the terminal; their warnings go to the log as errors only."""
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[variable] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = os.environ["DIFFUSERS_VERBOSITY"] = "error"
    import diffusers.utils.logging
    import transformers.utils.logging

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def silence_hub() -> None:
    """The hub's client for a download: it tells nothing about this machine, and gives no token of the user's away.

    It stays without network if ``$HF_HUB_OFFLINE`` says so.
    """
    for variable in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        os.environ[variable] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
