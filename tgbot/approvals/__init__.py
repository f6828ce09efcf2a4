"""Groups that decide together: desks, their policies, proposals and votes."""
