#!/usr/bin/env python3
"""The devices of Media Center as a dynamic inventory: `ansible-playbook -i media_center.py …`.

Asks MEDIA_CENTER_URL (https://press.example.org) with the API token in MEDIA_CENTER_TOKEN, which
`media-center token EMAIL` prints; MEDIA_CENTER_SITE narrows it to one site.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


def main() -> int:
    """Print the inventory; 1 with a sentence where it cannot be had."""
    if "--host" in sys.argv:
        # All variables of hosts are in the list already.
        print("{}")
        return 0
    url, token = os.environ.get("MEDIA_CENTER_URL", ""), os.environ.get("MEDIA_CENTER_TOKEN", "")
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")) or not token:
        print("set MEDIA_CENTER_URL (https) and MEDIA_CENTER_TOKEN", file=sys.stderr)
        return 1
    site = os.environ.get("MEDIA_CENTER_SITE")
    query = f"?{urllib.parse.urlencode({'site': site})}" if site else ""
    request = urllib.request.Request(  # noqa: S310  # the scheme is looked at above
        f"{url.rstrip('/')}/api/v1/ansible/inventory{query}",
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            print(json.dumps(json.load(reply), indent=1))
    except (OSError, ValueError, urllib.error.HTTPError) as wrong:
        print(f"{url} gives no inventory: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
