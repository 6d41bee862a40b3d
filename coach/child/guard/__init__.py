"""What goes into every process that runs a learner's code, whoever starts it."""
