"""EC2's own numbers, for both fakes: `fake_aws` and `emulator` read them here."""

VOLUMES_A_PAGE, SNAPSHOTS_A_PAGE, TAGS_A_PAGE = (
    500,
    1000,
    1000,
)  # at most; an account may be told to give fewer
MOST_RESULTS, FEWEST_RESULTS = 1000, 5  # what MaxResults may be
MAX_FILTERS, MAX_FILTER_VALUES = 50, 200  # of one call, all its filters together
SECONDS_BETWEEN_SNAPSHOTS = 15  # of one volume


def unfinished_snapshots(volume_type: str) -> int:
    """Return how many snapshots of one volume may be pending or failed at once."""
    return 1 if volume_type in ("st1", "sc1") else 5
