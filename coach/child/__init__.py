"""What runs in the learner's process: the only part of the coach that meets the learner's code."""
