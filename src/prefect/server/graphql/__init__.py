"""The GraphQL face of the server: types, execution, and which action each operation calls."""
