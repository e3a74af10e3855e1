"""SMT, certificates and formulas as text: no topic is known here."""
