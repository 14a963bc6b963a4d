"""Healthcheck of the web container: ends with 0 when /health/ready answers 200, otherwise with a sentence and 1."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

# The site's own name, because any other is refused; the scheme that the proxy would have noted.
HEADERS = {"Host": urlsplit(os.environ["SITE_ORIGIN"]).netloc, "X-Forwarded-Proto": "https"}


def main() -> str | None:
    port = os.environ.get("PROBE_PORT", "8000")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/health/ready", headers=HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - as above
            return None
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"The web server does not answer: {error}."


if __name__ == "__main__":
    sys.exit(main())
