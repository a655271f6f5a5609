"""The house's addresses, and beside each measured one its floor."""

from django.urls import path

from benchmarks import floor
from benchmarks.pages import NUMBER, PAGES
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as house

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *(path(f"floor/{n}/", floor.view(page.floor, number=NUMBER)) for n, page in enumerate(PAGES)),
    *house,
]
