"""What the exchange keeps about people beside its ledger: API keys."""
