"""Orders: the ticket a person confirms, the one POST it becomes, and the truth about it afterwards."""
