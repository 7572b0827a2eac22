"""Running a flow: runners, states, signals, results."""
