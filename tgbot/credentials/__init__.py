"""Exchange keys: asked for, checked, sealed, opened for one use, never shown."""
