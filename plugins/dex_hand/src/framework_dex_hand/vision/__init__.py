"""Where the object is, seen by three cameras: pictures, a network, its training, its errors (section 5)."""
