"""What is true about runs, devices and cases: values and rules without any I/O."""
