"""Rule-based rewards (Mu et al. 2024, arXiv 2411.01111): propositions that a judge grades, weights fitted to rankings.

``document.py`` the file: propositions, classes, rankings, weights · ``fit.py`` the hinge loss · ``ranked.py`` grades of
ranked answers, and weights from them · ``reward.py`` what an answer is worth · ``gold.py`` both against gold grades.
"""
