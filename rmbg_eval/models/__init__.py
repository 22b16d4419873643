"""Models: what turns a picture into an alpha, behind one protocol and one written-out table."""
