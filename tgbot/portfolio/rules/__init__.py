"""What balances are worth, and what trading has brought: pure."""
