"""The audit trail and the outbox, in one.

Words: an *entry* says who did what to which subject and when, and never changes; a *delivery* is one entry on its way
to one *subscriber*; a *slot* is one turn of a periodic job. Actions call `journal.actions.record` inside their
transaction.
"""
