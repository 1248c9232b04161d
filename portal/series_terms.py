"""What this installation grants to series."""

from flask import current_app

from config.settings import Settings
from rental.series import Terms


def here() -> Terms:
    """Days a request is kept, and weeks until a long series is asked again, as the settings say."""
    settings: Settings = current_app.extensions["settings"]
    return Terms(
        keep_days=settings.request_days,
        reconfirm_weeks=settings.reconfirm_weeks,
        challenge_hours=settings.challenge_hours,
    )
