"""Cedar as a second engine: the outcomes that cedarpy gives for a world."""

import json

import cedarpy
from decide_cases import World

from bylaw.access.decide import cedar, cedar_entities
from bylaw.access.decide.policy import Policy
from bylaw.access.decision import Outcome, Request


class Engine:
    """A world's policy, parsed once, with its entities."""

    def __init__(self, policy: Policy, world: World) -> None:
        self.naming = cedar_entities.Naming.of(policy, world.register, world.requests)
        self.text = cedar.policies(policy, self.naming)
        self.schema = cedar_entities.schema(self.naming)
        self.entities_json = json.dumps(cedar_entities.entities(policy, world.register, self.naming))
        self.policies = cedarpy.PolicySet.from_str(self.text)
        self.entities = cedarpy.Entities.from_json_str(self.entities_json)

    def outcomes(self, asked: list[tuple[str, Request]]) -> list[Outcome]:
        """Allow, hold or refuse for each, by one question or two. An error in a policy is not passed over."""
        use = self._allowed(asked, "use")
        waits = iter(self._allowed([each for each, may in zip(asked, use, strict=True) if not may], "wait"))
        return ["allow" if may else "hold" if next(waits) else "refuse" for may in use]

    def _allowed(self, asked: list[tuple[str, Request]], action: str) -> list[bool]:
        requests = [cedar_entities.request(wanted, subject, action) for subject, wanted in asked]
        results = cedarpy.is_authorized_batch(requests, self.policies, self.entities)
        errors = [error for each in results for error in each.diagnostics.errors]
        assert not errors, errors[:3]
        return [each.allowed for each in results]
