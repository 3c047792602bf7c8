"""What operators type: the verbs of the command `afterrun`, which translate and decide nothing."""
