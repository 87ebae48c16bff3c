"""bylaw: from a written constitution to a model that keeps to it, trained by AI feedback and measured.

The house, from the ground up (imports go down only; ``tests/test_house.py`` checks it):

====  ==========================================================================================
  9   ``cli/``            one file per verb
  8   ``pipeline``        the main path, in running order · ``report/`` · ``windtunnel/``
  7   ``evaluate/``       measurements and gates
  6   ``feedback/``       respond, revise, compare, label · ``train/`` method, loop, sft, preference, dpo, grpo
  5   ``models/``         who answers · ``run`` the run directory, known here only
  4   ``constitution/``   principles as a typed, linted, diffable document
  3   ``ledger/``         an append-only log that others can check, as static files
  2   ``storage``, ``settings``, ``signing``
  1   ``records``, ``canonical``
  0   ``errors``
====  ==========================================================================================
"""

__version__ = "0.1.0"
