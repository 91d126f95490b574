"""Where outside prices come from: feeds observe a market, a supervisor tells the exchange what they saw."""
