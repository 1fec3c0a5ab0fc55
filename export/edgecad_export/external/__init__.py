"""Someone else's Keras model: opened safely, rebuilt, described."""
