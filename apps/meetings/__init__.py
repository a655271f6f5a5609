"""When a board meets and what happens in the room: series, agendas, attendance, the live room, minutes.

Words: a *series* is a meeting that comes back by an RFC 5545 rule; its meetings are written down 90 days ahead. An
*agenda* holds the changes that wait for the board's authorization; it is *locked* before the start, and what comes
*late* waits for the chair. *Consent items* are low-risk ones taken together unless a member asks to speak of one.
"""
