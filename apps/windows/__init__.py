"""When work may and may not happen: maintenance windows, blackouts, freezes.

Words: a *maintenance window* is a time reserved for change; a *blackout* is a recurring time in which nothing changes;
a *freeze* is a single announced period in which change stops, hard or soft, with its exemptions. Windows and blackouts
recur by RFC 5545 rules; their *occurrences* are half-open ranges of instants.
"""
