"""A document as text, to be changed by a test."""

DIRECTIVE = """\
kind = "directive"
id = "order"
version = 1
title = "An order"
authority = "BIS"
programme = "orders"
citation = "15 CFR 744.22(b)"
models = ["fable-5"]
effective_from = 2026-06-12T17:21:00-04:00
effect = "refuse"

[who]
is = "any"

[[who.of]]
is = "foreign_person"
country = "us"

[[who.of]]
is = "citizenship"
countries = ["cn"]
"""
LICENSE = """\
kind = "license"
id = "exception"
title = "An exception"
authority = "BIS"
programme = "orders"
citation = "A letter"
models = ["fable-5"]
effective_from = 2026-06-26T00:00:00-04:00
organizations = ["annex:partners"]
employees_of = ["annex:partners"]
lifts = [{ authority = "BIS", programme = "orders" }]
annexes = { partners = ["org-1"] }
"""
BASE = """\
kind = "base"
id = "ordinary"
title = "Ordinary access"
authority = "Lab"
programme = "access"
citation = "Terms"
models = ["*"]
effective_from = 2026-01-01T00:00:00Z
who = { is = "anyone" }
"""
