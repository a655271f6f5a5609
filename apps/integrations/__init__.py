"""What components offer each other and how they use it: interfaces, integrations with their needs.

Words: an *interface* is one thing a component offers (an API, a topic, a file, a table), an *integration* is one
component's use of one interface, its *needs* are what it asks of it in numbers. Every integration is a dependency of
the map too, and is kept in step with it.
"""
