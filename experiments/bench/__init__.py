"""What the benchmark is made of: steps to time, how they are timed, and the tables and figures of it."""
