"""Builds, resets and introduces the demo organisation."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Person
from apps.portal import demo


class Command(BaseCommand):
    help = "Builds the demo organisation (invented, dated relative to today). Never in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only when the database holds nobody yet")
        parser.add_argument(
            "--reset", action="store_true", help="empty the demo's database first; refused on any other"
        )
        parser.add_argument("--people", action="store_true", help="print who can sign in; alone, do only that")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if not settings.CONCORDAT_DEMO:
            raise CommandError("The demo organisation is not for production: its password is known to everyone.")
        if options["reset"] or options["if_empty"] or not options["people"]:
            self._build(options)
        if options["people"]:
            self._introduce()

    def _build(self, options: dict[str, Any]) -> None:
        if options["reset"]:
            self._empty()
        elif Person.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There are people in this database already. `make demo` resets the demo's own database.")
        for part in demo.build(at=timezone.now()):
            self.stdout.write(f"  {part}")

    def _introduce(self) -> None:
        self.stdout.write(f"\n  Password of everyone: {demo.PASSWORD}\n")
        for handle, (name, _, what, _) in demo.PEOPLE.items():
            self.stdout.write(f"  {handle:<8} {name:<16} {what}")
        self.stdout.write("")

    def _empty(self) -> None:
        """Journal entries cannot be deleted, so the whole schema goes; only where the demo lives.

        The schema may be none yet, or one that another version made.
        """
        has_people = Person._meta.db_table in connection.introspection.table_names() and Person.objects.exists()
        if has_people and not demo.is_there():
            raise CommandError("This database is not the demo's: it is left as it is.")
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        call_command("migrate", interactive=False, verbosity=0)
