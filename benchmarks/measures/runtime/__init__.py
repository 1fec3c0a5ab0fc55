"""What the runtime costs beside the network, and what a GPU does."""
