"""The code that talks to AWS: EC2, SNS, Lambda, their error codes and their limits."""
