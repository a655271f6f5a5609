"""Change requests, the boards that decide them, and what happens after the vote.

Words: a *change* (request) is proposed by a *requester* and done by an *implementer*; a *revision* is what it said at
one time; a *round* is one board deciding one revision; a *ballot* is one seat's voice in a round; a *condition* binds
an approval until it is met; a *post-implementation review* looks back. State diagrams: docs/reference/states.md.
"""
