"""Pushes an export to a hub, as a dataset: only when asked, private unless told otherwise, and by the user's own token.

The hub is the one that ``HF_ENDPOINT`` names, huggingface.co by default; the token is ``HF_TOKEN``, or what
``hf auth login`` has kept. All files come in one commit.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from bylaw.errors import HubError, MissingExtra, UsageError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD = "README.md"


class Pushed(NamedTuple):
    """Where a dataset lies now, and whether others see it."""

    url: str
    private: bool


def push(name: str, files: Mapping[str, bytes], card: str, message: str, public: bool = False) -> Pushed:
    """Commit files to the dataset ``name`` (owner/name), which is made if it is not there, with a card if it has none.

    Raises ``UsageError`` for a name that is none, without a token, and for a dataset that is public where it was not
    said that it may be; ``HubError`` where the hub refuses, or is not reached.
    """
    try:
        from huggingface_hub import CommitOperationAdd, HfApi, get_token
    except ModuleNotFoundError as error:
        raise MissingExtra("huggingface_hub", "hub") from error
    if name.count("/") != 1:
        raise UsageError(f"a dataset on a hub is called OWNER/NAME, not {name!r}")
    if not (token := get_token()):
        raise UsageError("pushing needs a token of the hub: set HF_TOKEN, or sign in once with hf auth login")
    hub = HfApi(token=token)
    with _explained(name, hub.endpoint):
        there = _there(hub, name)
        if there and not there.private and not public:
            raise UsageError(f"{name} is there and public: say --public to push into it, or name another")
        if not there:
            hub.create_repo(name, repo_type="dataset", private=not public)
        new = dict(files) if there and CARD in there.files else {**files, CARD: card.encode()}
        added = [CommitOperationAdd(path, content) for path, content in new.items()]
        hub.create_commit(name, added, commit_message=message, repo_type="dataset")
    return Pushed(f"{hub.endpoint}/datasets/{name}", there.private if there else not public)


class _There(NamedTuple):
    """A dataset that the hub has already."""

    private: bool
    files: frozenset[str]


def _there(hub: "HfApi", name: str) -> _There | None:
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        found = hub.dataset_info(name)
    except RepositoryNotFoundError:
        return None
    return _There(bool(found.private), frozenset(each.rfilename for each in found.siblings or ()))


@contextmanager
def _explained(name: str, endpoint: str) -> Iterator[None]:
    """Say in a sentence what a hub refused."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    from huggingface_hub.errors import HTTPError as Unreached  # type: ignore[attr-defined]

    try:
        yield
    except HFValidationError as error:
        raise UsageError(f"{name!r} is no name for a dataset: {error}") from error
    except HfHubHTTPError as error:
        status, said = error.response.status_code, error.server_message or "no reason is given"
        hint = "; may this token write there?" if status in (401, 403) else ""
        raise HubError(f"{endpoint} does not take {name}: {status}, {' '.join(said.split())}{hint}") from error
    except (OSError, Unreached) as error:
        raise HubError(f"{endpoint} cannot be reached: {error}") from error
