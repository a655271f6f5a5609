"""Who is told what, by which channel: inbox, e-mail, outbound webhooks, iCalendar feeds.

Words: a *notice* is one line in one person's inbox; an *endpoint* is an address of another system that hears our
events; a *sending* is one event on its way to one endpoint; a *feed* is a secret, revocable calendar address.
"""
