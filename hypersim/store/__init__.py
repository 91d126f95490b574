"""The store: tables, journal, projections, history. All SQL is in this folder, and nothing here decides."""
