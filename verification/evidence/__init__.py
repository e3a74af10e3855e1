"""Checks, margins, claims, verdicts, the runner, the record, statistics: no topic is known here."""
