"""Registers the mesh with Django."""

from django.apps import AppConfig


class MeshConfig(AppConfig):
    name = "apps.mesh"
    label = "mesh"

    def ready(self) -> None:
        from apps.mesh import reactions

        reactions.register()
