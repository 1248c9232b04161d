"""The rows of the portal."""

from portal.models.answers import FirstAnswer
from portal.models.notices import Notice, NoticeStatus
from portal.models.signing_in import ApiToken, SignInAttempt

__all__ = ["ApiToken", "FirstAnswer", "Notice", "NoticeStatus", "SignInAttempt"]
