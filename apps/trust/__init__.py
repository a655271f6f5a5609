"""Identity between clusters: trust domains, the links between them, their keys, and whether a token would be believed.

Words: a *trust domain* issues identities (SPIFFE), a *bundle* holds the public keys it signs with, a *link* says that
one domain believes tokens of another, a *chain* is the way of links from a caller to a callee.
"""
