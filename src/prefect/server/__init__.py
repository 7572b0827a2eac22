"""The backend: one process that keeps flows and runs, hands runs to agents and answers GraphQL."""
