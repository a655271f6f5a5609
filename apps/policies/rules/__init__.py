"""The pure rules of decision tables: columns, cells, outcomes, analysis, evaluation."""
