"""The only room that speaks SQL: named statements, two databases, one compiler for GraphQL reads."""
