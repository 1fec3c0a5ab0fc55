"""fp32 to fp16."""
