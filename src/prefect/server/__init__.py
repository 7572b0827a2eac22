"""The backend: GraphQL API, rules, services and store, in one process."""
