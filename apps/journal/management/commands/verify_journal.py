"""`manage.py verify_journal`: compute every entry's digest anew and name the entries that do not match."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journal.actions import digest_of
from apps.journal.models import Entry

SHOWN = 20
PROGRESS_EVERY = 50_000  # entries


class Command(BaseCommand):
    help = "Compute every journal entry's digest anew. Ends with status 1 and the entries' numbers where one differs."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", type=int, default=1, dest="first", help="number of the first entry to verify")

    def handle(self, *args: Any, first: int, **options: Any) -> None:
        """Read the journal once, in order, a few thousand entries at a time."""
        del args, options
        number, altered = 0, []
        for number, entry in enumerate(Entry.objects.filter(pk__gte=first).order_by("pk").iterator(2_000), start=1):
            if digest_of(entry) != entry.digest:
                altered.append(entry.pk)
            if number % PROGRESS_EVERY == 0:
                self.stdout.write(f"{number} entries verified …")
        if altered:
            named = ", ".join(map(str, altered[:SHOWN])) + (" …" if len(altered) > SHOWN else "")
            raise CommandError(f"{len(altered)} of {number} entries do not match their digest: {named}")
        self.stdout.write(f"{number} entries verified; all of them read as they were written.")
