"""How it runs: command line, settings, supervisor, embedded parts."""
