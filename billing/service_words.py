"""What a service is called on a document, in both languages: as it stands after "tiền", "for"."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "hall_hire": ("thuê hội trường", "hall hire"),
    "equipment_hire": ("thuê thiết bị", "equipment hire"),
    "telecom": ("thuê đường truyền", "network circuits"),
    "catering": ("dịch vụ ăn uống", "catering"),
    "compensation": ("bồi thường", "compensation"),
}


def of(service: str) -> tuple[str, str]:
    """Vietnamese and English; a service that only the price lists know is named as they do."""
    name = service.replace("_", " ")
    return WORDS.get(service, (f"dịch vụ {name}", name))
