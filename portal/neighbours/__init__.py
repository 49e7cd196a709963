"""What leaves the house: each module speaks one outside standard, and knows neither database nor case."""
