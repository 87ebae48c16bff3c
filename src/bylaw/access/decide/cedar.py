"""The rules in force as Cedar policies, so that another engine can decide the same.

Cedar has two values, so an answer here is two expressions: *surely yes* and *surely no*. A fact that is unknown is an
attribute that is absent. Two actions tell three outcomes apart: who may ``use`` has *allow*; who may not, but may
``wait``, has *hold*; who may neither has *refuse*. A base rule permits ``use``; ``wait`` is permitted to all;
directives forbid either, unless a license applies.

What Cedar cannot say is worked out before, in the entities (``cedar_entities``): dates become *now* and *past*, the
latest citizenship a set of candidates, several employers numbered slots, and who stands behind a service account or a
channel an attribute of it. Lists and ownership statuses are sets of words.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bylaw.access.decide.cedar_entities import BEHIND_STEPS, Naming
from bylaw.access.decide.cedar_text import (
    NO,
    YES,
    Said,
    agreement,
    both,
    choose,
    conjunction,
    disjunction,
    either,
    negation,
    opposite,
    text,
    texts,
    where,
)
from bylaw.access.decide.needs import NAMES
from bylaw.access.decide.policy import Policy
from bylaw.access.decide.prepared import Prepared
from bylaw.access.rules import predicates as p
from bylaw.access.rules.document import EVERY, Base, Directive, Document, License
from bylaw.access.rules.relations import lifts
from bylaw.access.subjects import GRADES


class _At(msgspec.Struct, frozen=True):
    """About whom: an expression that is an entity, the grade of evidence needed, whether it is the principal."""

    who: str
    policy: Policy
    naming: Naming
    grade: int = 0
    root: bool = False
    stale_hits: bool = False

    def of(self, who: str) -> "_At":
        """About somebody else."""
        return msgspec.structs.replace(self, who=who, root=False)

    def known(self, name: str) -> str:
        """That a fact is known, with good enough evidence."""
        return both(f"{self.who} has {name}", f"{self.who}.{name}.grade >= {self.grade}" if self.grade else "true")


def policies(policy: Policy, naming: Naming) -> str:
    """The policies' text, for entities made with the same ``naming``."""
    at = _At("principal", policy, naming, root=True)
    found = ['permit(principal, action == Action::"wait", resource);']
    for rule in policy.rules:
        if isinstance(rule.document, Base) and not rule.doubtful and rule.who is not None:
            found.append(_policy("permit", "use", both(_covers(rule.document), said(rule.who, at).yes)))
        if isinstance(rule.document, Directive) and rule.who is not None and rule.document.effect not in _DUTIES:
            found += _directive(rule.document, _concerned(rule.document, rule.who, at), _lifted(rule.document, at))
    return "\n".join(found)


_DUTIES = ("report", "preserve")


def said(predicate: p.Predicate, at: _At) -> Said:
    """A predicate about somebody."""
    return CEDAR[type(predicate)](predicate, at)


def _concerned(directive: Directive, who: p.Predicate, at: _At) -> Said:
    """As ``rulings`` asks a directive: hits that cannot be relied on are read both ways, and the stricter counts."""
    found = said(who, at)
    if directive.effect == "allow-list" or not any(source.fault for source in at.policy.sources.values()):
        return found
    still = said(who, msgspec.structs.replace(at, stale_hits=True))
    return Said(either(found.yes, still.yes), both(found.no, still.no), either(found.fault, still.fault))


def _directive(directive: Directive, found: Said, lifted: Said) -> list[str]:
    """Who may not use, and who may not even wait."""
    if directive.effect == "allow-list":
        found = opposite(found)
    concerned = both(_covers(directive), negation(found.no), negation(lifted.yes))
    passes = both(found.unknown, negation(found.fault)) if directive.unknown == "unsafe_allow" else "false"
    refused = both(found.yes, lifted.no) if directive.unknown != "refuse" else "true"
    policies = [_policy("forbid", "use", both(concerned, negation(passes)))]
    if directive.effect != "hold":
        policies.append(_policy("forbid", "wait", both(concerned, refused)))
    return policies


def _lifted(directive: Directive, at: _At) -> Said:
    """Whether a license applies."""
    return disjunction([_license(rule, at) for rule in at.policy.rules if _relied(rule, directive)] or [NO])


def _relied(rule: Prepared, directive: Directive) -> bool:
    return isinstance(rule.document, License) and not rule.doubtful and lifts(rule.document, directive)


def _license(rule: Prepared, at: _At) -> Said:
    found = NO if rule.who is None else said(rule.who, at)
    covers = _covers(rule.document)
    return Said(both(covers, found.yes), either(negation(covers), found.no))


def _covers(document: Document) -> str:
    models = ", ".join(f"Model::{text(each)}" for each in sorted(document.models))
    model = "true" if EVERY in document.models else f"[{models}].contains(resource)"
    return both(model, f"{texts(document.surfaces)}.contains(context.surface)")


def _policy(effect: str, action: str, condition: str) -> str:
    return f'{effect}(principal, action == Action::"{action}", resource) when {{ {condition} }};'


def _among(values: str, countries: tuple[str, ...], at: _At) -> Said:
    """Whether some country in a set is surely one of these, or none even may be."""
    sure, possible = at.naming.codes(countries)
    return Said(f"{values}.containsAny({texts(sure)})", negation(f"{values}.containsAny({texts(possible)})"))


def _countries(name: str, countries: tuple[str, ...], at: _At, tense: str = "now") -> Said:
    return where(at.known(name), _among(f"{at.who}.{name}.{tense}", countries, at))


def _behind(kind: str, own: Callable[[Any, _At], Said]) -> Callable[[Any, _At], Said]:
    """Of who stands behind: themselves, if a person or an organisation. ``kind``: others than these answer no."""

    def asked(predicate: Any, at: _At) -> Said:
        who = at.of(f"{at.who}.behind.who")
        found = own(predicate, who)
        other = choose(f"{who.who}.kind == {text(kind)}", found, NO) if kind else found
        return where(at.known("behind"), other)

    return asked


def _or_behind(own: Callable[[Any, _At], Said]) -> Callable[[Any, _At], Said]:
    """Of themselves, or of anybody on the way to who stands behind."""

    def asked(predicate: Any, at: _At, steps: int = BEHIND_STEPS) -> Said:
        mine = own(predicate, at)
        deeper = Said("false", "false")
        if steps:
            deeper = where(at.known("link"), asked(predicate, at.of(f"{at.who}.link.who"), steps - 1))
        return choose(f"{at.who} has alone", mine, disjunction([mine, deeper]))

    return asked


def _eligible(predicate: p.Eligible, at: _At, steps: int = BEHIND_STEPS) -> Said:
    """By one's own assertion, and that of who stands behind; two that differ are none."""
    has = {word: f"{at.who}.eligible.now.contains({text(f'{predicate.directive}:{word}')})" for word in ("yes", "no")}
    sure = (both(has["yes"], negation(has["no"])), both(has["no"], negation(has["yes"])))
    own = where(at.known("eligible"), Said(*sure))
    if not steps:
        return own
    deeper = where(at.known("link"), _eligible(predicate, at.of(f"{at.who}.link.who"), steps - 1))
    return agreement([own, deeper])


def _foreign_person(predicate: p.ForeignPerson, at: _At) -> Said:
    country = (predicate.country,)
    names = ("citizenship", "permanent_residency", "protected")
    person = opposite(disjunction([_countries(name, country, at) for name in names]))
    organization = opposite(_countries("incorporation", country, at))
    return choose(f'{at.who}.kind == "organization"', organization, person)


def _citizenship(predicate: p.Citizenship, at: _At) -> Said:
    countries = predicate.countries
    if predicate.which == "current":
        return _countries("citizenship", countries, at)
    if predicate.which == "ever":
        now, past = (_countries("citizenship", countries, at, tense) for tense in ("now", "past"))
        return disjunction([now, past, _countries("permanent_residency", countries, at)])
    sure, possible = at.naming.codes(countries)
    latest = f"{at.who}.latest.now"
    yes = both(negation(f"{latest}.isEmpty()"), f"{texts(sure)}.containsAll({latest})")
    return where(at.known("latest"), Said(yes, negation(f"{latest}.containsAny({texts(possible)})")))


def _parent_headquarters(predicate: p.ParentHeadquarters, at: _At) -> Said:
    own = _countries("headquarters", predicate.countries, at)
    parent = _countries("headquarters", predicate.countries, at.of(f"{at.who}.ultimate_parent.who"))
    return where(at.known("ultimate_parent"), choose(f"{at.who}.ultimate_parent has who", parent, own))


def _employer(predicate: p.Employer, at: _At) -> Said:
    slots = [_employed(predicate, f"employer{number}", at) for number in range(at.naming.slots)]
    return where(at.known("employer"), disjunction(slots or [NO]))


def _employed(predicate: p.Employer, slot: str, at: _At) -> Said:
    who = said(predicate.who, at.of(f"{at.who}.{slot}.who"))
    role = f"{at.who}.{slot}.role"
    if predicate.role != "any":
        is_ = Said(f"{role} == {text(predicate.role)}", both(f'{role} != ""', f"{role} != {text(predicate.role)}"))
        who = conjunction([who, is_])
    return choose(f"{at.who} has {slot}", who, NO)


def _location(predicate: p.Location, at: _At) -> Said:
    fact = _countries("location", predicate.countries, at)
    if not at.root:
        return fact
    request = where("context has location", _among("[context.location]", predicate.countries, at))
    return agreement([request, fact])


def _owned(predicate: p.Owned, at: _At) -> Said:
    words = [f"{at.who}.owned.contains({text(f'{predicate.rule}:{word}')})" for word in ("blocked", "clear")]
    return _sourced(("owned", predicate.rule), Said(words[0], words[1]), at)


def _listed(predicate: p.Listed, at: _At) -> Said:
    found = []
    for name in predicate.lists:
        words = [f"{at.who}.hits.contains({text(f'{name}:{word}')})" for word in ("confirmed", "open", "unscreened")]
        found.append(_sourced(("list", name), Said(words[0], negation(either(*words))), at))
    return disjunction(found)


def _sourced(mark: Any, found: Said, at: _At) -> Said:
    source = at.policy.sources.get(mark)
    if source is not None and not source.fault:
        return found
    return Said(found.yes, "false", negation(found.yes)) if at.stale_hits else Said("false", "false", "true")


def _subjects(predicate: p.Subjects, at: _At) -> Said:
    inside = f"{at.who} in Group::{text(at.naming.group(predicate.ids))}"
    return Said(inside, negation(inside))


def _channel(predicate: p.Channel, at: _At) -> Said:
    def sort(who: _At) -> Said:
        inside = f"{who.who}.channel.now.containsAny({texts(predicate.channels)})"
        return where(who.known("channel"), Said(inside, negation(inside)))

    through = where("context has channel", sort(at.of("context.channel")))
    return choose(f'{at.who}.kind == "channel"', sort(at), through)


def _kind(predicate: p.Kind, at: _At) -> Said:
    inside = f"{texts(predicate.kinds)}.contains({at.who}.kind)"
    return Said(inside, negation(inside))


def _of(kind: str) -> Callable[[Any, _At], Said]:
    return _behind(kind, lambda predicate, at: _countries(NAMES[type(predicate)], predicate.countries, at))


def _evidence(predicate: p.Evidence, at: _At) -> Said:
    grade = max(at.grade, GRADES[predicate.at_least])
    return said(predicate.of, msgspec.structs.replace(at, grade=grade))


CEDAR: Mapping[type, Callable[[Any, _At], Said]] = {
    p.AllOf: lambda predicate, at: conjunction([said(each, at) for each in predicate.of]),
    p.AnyOf: lambda predicate, at: disjunction([said(each, at) for each in predicate.of]),
    p.Agree: lambda predicate, at: agreement([said(each, at) for each in predicate.of]),
    p.Not: lambda predicate, at: opposite(said(predicate.of, at)),
    p.Limb: lambda predicate, at: said(predicate.of, at),
    p.Evidence: _evidence,
    p.Anyone: lambda predicate, at: YES,
    p.ForeignPerson: _behind("", _foreign_person),
    p.Citizenship: _behind("person", _citizenship),
    p.PermanentResidency: _of("person"),
    p.Protected: _of("person"),
    p.Residence: _of("person"),
    p.Location: _location,
    p.Incorporation: _of("organization"),
    p.Headquarters: _of("organization"),
    p.ParentHeadquarters: _behind("organization", _parent_headquarters),
    p.Employer: _behind("person", _employer),
    p.Owned: _behind("organization", _owned),
    p.Listed: _or_behind(_listed),
    p.Subjects: _or_behind(_subjects),
    p.Annex: _or_behind(_subjects),
    p.Kind: _kind,
    p.Channel: _channel,
    p.Through: lambda predicate, at: where("context has channel", said(predicate.who, at.of("context.channel"))),
    p.Eligible: _eligible,
}
