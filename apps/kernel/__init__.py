"""What every area needs and none owns: refusals, state machines, answers, windows, paging. No models."""
