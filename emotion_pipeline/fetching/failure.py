"""The one error of a download."""


class FetchFailed(Exception):
    """Nothing was fetched and nothing has changed; the message says why and what to do next."""
