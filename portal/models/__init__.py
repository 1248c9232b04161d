"""The rows of the portal."""

from portal.models.answers import FirstAnswer
from portal.models.feeds import Feed, FeedScope
from portal.models.imports import ImportedFile
from portal.models.notices import Notice, NoticeStatus
from portal.models.signing_in import ApiToken, SignInAttempt
from portal.models.wall_links import WallLink

__all__ = [
    "ApiToken",
    "Feed",
    "FeedScope",
    "FirstAnswer",
    "ImportedFile",
    "Notice",
    "NoticeStatus",
    "SignInAttempt",
    "WallLink",
]
