"""What holds a person's orders back: limits of their own, freezes, and the operator's kill switch."""
