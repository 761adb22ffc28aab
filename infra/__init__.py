"""The stack: settings from the CDK context, constructs, the least-privilege role, the function's zip."""
