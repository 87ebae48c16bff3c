"""Where a gateway keeps what is its own, below one directory, and the key that signs its snapshots."""

from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.settings import Place
from bylaw.signing import ED25519, LocalSigner, PublicKey, Signer, open_signer


class State:
    """The directories of a gateway."""

    def __init__(self, place: Place) -> None:
        self.place, self.root = place, place.state
        self.keys = KeyFile(self.root / "keys.jsonl")
        self.snapshot = self.root / "snapshot"
        self.segments = self.root / "segments"
        self.coverage = self.root / "coverage"
        self.meters = self.root / "meters"
        self.tally = self.root / "tally"
        self.weights = self.root / "weights.json"
        self.sent, self.taken = self.root / "sent.json", self.root / "taken"
        said = place.settings.snapshot.key
        self.signing_key = place.path(said) if said else place.home / "keys" / "gateway.pem"

    def signer(self) -> Signer:
        """Who signs snapshots; the key is made where none is named and none is there."""
        if not self.signing_key.exists() and not self.place.settings.snapshot.key:
            LocalSigner.generate(ED25519).save(self.signing_key)
        return open_signer(self.signing_key, outside=[self.snapshot])

    def machine_signer(self) -> Signer:
        """Who signs what a replica sends; made like the other."""
        said = self.place.settings.cluster.key
        path = self.place.path(said) if said else self.root / "replica.pem"
        if not path.exists() and not said:
            LocalSigner.generate(ED25519).save(path)
        return open_signer(path, outside=[self.snapshot])

    def public_key(self) -> PublicKey:
        """The key that workers believe: the public half, which is all that they read."""
        return PublicKey.load(self.signing_key.with_name(f"{self.signing_key.name}.pub"))
