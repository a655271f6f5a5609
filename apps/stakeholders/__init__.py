"""The people who decide: who controls what an initiative needs, where units work apart, when autonomy yields.

Words: an *initiative* crosses clusters and demands *resources*; a *stakeholder* is a person or team with a part in
it; an *authority* is a resource somebody controls, up to a limit and for a time.
"""
