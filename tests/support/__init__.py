"""What tests are written with; README.md one folder up says how."""
