"""fp32 to int8."""
