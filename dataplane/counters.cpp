// counters
