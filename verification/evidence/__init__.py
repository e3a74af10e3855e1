"""Tools for all topics: checks, margins, claims, verdicts, the runner, the record, statistics."""
