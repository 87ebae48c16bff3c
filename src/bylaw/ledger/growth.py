"""Whether a log only grew: the question that a witness and a monitor ask of every new checkpoint."""

from bylaw.errors import ForkError, VerificationError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import Checkpoint


def check_growth(old: Checkpoint, new: Checkpoint, nodes: merkle.Nodes) -> list[bytes]:
    """The consistency proof from ``old`` to ``new``, made from the new tree's nodes and checked.

    Raises ``ForkError`` (``rollback`` or ``fork``) if both checkpoints cannot be of one history, and
    ``VerificationError`` (``tiles``) if the nodes are not those of the new checkpoint.
    """
    check_order(old, new)
    if merkle.root(nodes, new.size) != new.root:
        raise VerificationError("tiles", f"the tiles that are served do not have the root of the checkpoint ({new})")
    if old.size == 0:
        return []
    proof = merkle.prove_consistency(nodes, old.size, new.size)
    try:
        merkle.check_consistency(old.size, old.root, new.size, new.root, proof)
    except VerificationError as error:  # the nodes are those of the new root, so it is the old root that has no place
        raise ForkError("fork", f"what was seen before ({old}) is no beginning of what is shown now ({new})") from error
    return proof


def check_order(old: Checkpoint, new: Checkpoint) -> None:
    """What two checkpoints tell without any tile. Raises ``ForkError``, and ``VerificationError`` across two logs."""
    if old.origin != new.origin:
        raise VerificationError("origin", f"{new.origin!r} is another log than {old.origin!r}")
    if new.size < old.size:
        raise ForkError("rollback", f"the log shows {new.size} entries; it has shown {old.size} before ({old})")
    if new.size == old.size and new.root != old.root:
        raise ForkError("fork", f"two roots for one size: {old} and {new}")
