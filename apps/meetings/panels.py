"""What meetings put on the pages of areas below."""


def register_panels() -> None:
    """Called once, when the area is ready."""
