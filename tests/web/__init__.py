"""What every page shares: input, errors, words, forms, print."""
