"""Dead letters: which there are, what each holds, what was done with it; rows and sessions that are made good."""
