"""How an account signs as an approver: by a key's file, by a command, or not here.

No private key is ever sent to a browser or taken from one. A file is the least: whoever has this machine has the keys
of all whose files lie on it, and four eyes are then two. A command asks a KMS or HSM that has its own idea of who may.
What is signed elsewhere and brought as an envelope needs no trust in this machine at all.
"""

import msgspec

from bylaw.access.rules.approval import Approvers
from bylaw.errors import UsageError
from bylaw.gateway.admin.settings import SignsSettings
from bylaw.gateway.settings import Place
from bylaw.signing import Signer, open_signer


class Custody(msgspec.Struct, frozen=True):
    """As whom an account signs; ``here``: this machine can have it signed."""

    approver: str
    here: bool
    how: str


def custody(place: Place, account: str) -> Custody | None:
    """As whom an account signs; None: as nobody."""
    said = place.settings.console.signs.get(account)
    if said is None:
        return None
    how = "a key’s file on this machine" if said.key else "a command on this machine" if said.command else "elsewhere"
    return Custody(said.approver, bool(said.key or said.command), how)


def signer_of(place: Place, account: str, approvers: Approvers) -> Signer:
    """Who signs for an account. Raises ``UsageError``, ``SigningError``; the key must be that of its approver."""
    said = place.settings.console.signs.get(account)
    if said is None:
        raise UsageError(f"[console.signs] in GATEWAY.toml does not say as whom {account} signs")
    signer = _open(place, said)
    names = {each.name for each, key in approvers.known if key.id == signer.public.id}
    if said.approver not in names:
        raise UsageError(f"the key of {account} is not one that approvers.toml has for {said.approver}")
    return signer


def _open(place: Place, said: SignsSettings) -> Signer:
    outside = [place.office / "rules", place.state]
    if said.key:
        return open_signer(place.path(said.key), outside=outside)
    if said.command:
        return open_signer(command=said.command, public=place.path(said.public))
    raise UsageError(f"the key of {said.approver} is elsewhere: sign a copy there, and bring the signature")
