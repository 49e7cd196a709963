"""The model's tools and the programme profile, as data."""
