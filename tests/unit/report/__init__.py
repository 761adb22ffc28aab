"""What the mails and the JSON say, from outcomes that the tests write."""
