"""Models that come from elsewhere: recorded samples, a local folder, a server."""
