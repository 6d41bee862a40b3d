"""What the notebooks stand on: states of the site, tapes of conversations, and pictures of them."""
