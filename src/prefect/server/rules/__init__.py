"""May this state follow that one: pure functions over plain values, no database, no clock."""
