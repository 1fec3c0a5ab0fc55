"""What the runtime costs beside the network."""
