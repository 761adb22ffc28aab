"""`make demo`: the real app deployed by the real CDK CLI into an emulated AWS, and some months of its schedules."""
