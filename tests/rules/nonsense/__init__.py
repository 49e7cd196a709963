"""What nobody means, sent to everything: the values, the requests they are sent in, and a stage that forgets them."""
