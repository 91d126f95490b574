"""The store: tables, journal, projections, history. All SQL of the exchange is in this folder, and nothing decides here."""
