"""The function as Lambda calls it, with EC2, SNS and Lambda in this process."""
