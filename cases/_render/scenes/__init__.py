"""One module a scene: `ABOUT`, and `build(studio, points)`."""
