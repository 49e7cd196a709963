"""Who is in a case: family, network, team; corrections, custody, coming of age, handing over."""
