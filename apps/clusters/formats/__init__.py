"""Catalogues in foreign formats: CSV and Backstage, parsed into rows."""
