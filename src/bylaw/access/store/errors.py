"""What goes wrong with a store, by name. In every case nothing is half done."""

from bylaw.errors import BylawError


class StoreError(BylawError):
    """A store cannot be opened, read or written: a full disk, a damaged file, another kind of file."""


class StoreBusy(StoreError):
    """Another process is writing this store, or has written it since it was looked at."""


class UnderHold(StoreError):
    """Something under a legal hold would have been erased; holds are named."""
