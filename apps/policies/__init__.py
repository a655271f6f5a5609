"""Approval policies: decision tables over facts, their exact analysis, and their versions.

Words: a *policy* is the enterprise floor or one cluster's own, a *version* is its table at one time, a *rule* is a
row: conditions over *facts* and an *outcome* (a board with roles and people, automatic approval, automatic refusal).
The area knows no change: who asks hands over facts and reads what is required. The states are in states.py.
"""
