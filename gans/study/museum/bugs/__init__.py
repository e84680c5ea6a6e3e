"""A bug a file: the right code, the wrong code, and where it was found."""
